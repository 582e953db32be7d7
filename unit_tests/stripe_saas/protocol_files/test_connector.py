"""The connector as a process of its own: what it is given, and that it ends with its context."""

import stat
import sys
import time

import pytest

from stripe_saas.protocol_files import connector
from stripe_saas.protocol_files.connector import ReadFailed, running_connector


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Has a script run in the connector's place."""

    def runs(script):
        path = tmp_path / "python"
        path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(connector.sys, "executable", str(path))

    return runs


def messages_of(*arguments):
    with running_connector(*arguments) as running:
        return list(running.messages())


def test_messages_come_while_it_runs(stand_in):
    stand_in('print(\'{"type": "SPEC"}\', flush=True)\ntime.sleep(60)')
    began = time.monotonic()
    with running_connector("spec") as running:
        assert next(running.messages()) == {"type": "SPEC"}
        assert not running.has_ended(0)
    assert time.monotonic() - began < 30
    assert running.exit_code() < 0


def test_it_is_given_the_command_and_its_options(stand_in, tmp_path):
    stand_in("import json; print(json.dumps({'type': 'X', 'told': sys.argv[1:]}))")
    [message] = messages_of("read", "--config", tmp_path)
    assert message["told"] == ["-m", "source_stripe_saas", "read", "--config", str(tmp_path)]


@pytest.mark.parametrize(
    ("kept_out", "expected"),
    [(None, "127.0.0.1,localhost"), ("internal.example", "internal.example,127.0.0.1,localhost")],
    ids=["no list", "a list"],
)
def test_no_proxy_stands_before_this_machine_itself(stand_in, monkeypatch, kept_out, expected):
    if kept_out:
        monkeypatch.setenv("NO_PROXY", kept_out)
    stand_in(
        "import json; print(json.dumps({'type': 'X', 'a': os.environ['NO_PROXY'], "
        "'b': os.environ['no_proxy']}))"
    )
    [message] = messages_of("spec")
    assert (message["a"], message["b"]) == (expected, expected)


def test_a_broken_line_is_named_and_ends_it(stand_in):
    stand_in('print(\'{"type": "SPEC"}\\n{"type": "REC{}\', flush=True)\ntime.sleep(60)')
    began = time.monotonic()
    with pytest.raises(ReadFailed, match="output is broken: line 2 is not a message"):
        messages_of("read")
    assert time.monotonic() - began < 30


def test_its_messages_may_go_into_a_file(stand_in, tmp_path):
    stand_in('print(\'{"type": "SPEC"}\')')
    path = tmp_path / "messages.jsonl"
    with path.open("wb") as out, running_connector("spec", out=out) as running:
        assert running.exit_code() == 0
        assert running.has_ended(0)
    assert path.read_text() == '{"type": "SPEC"}\n'


def test_its_last_words_are_kept(stand_in):
    stand_in("sys.stderr.write('x' * 5000 + 'Killed')\nsys.exit(3)")
    with running_connector("read") as running:
        assert running.exit_code() == 3
        assert len(running.last_words()) == 2000
        assert running.last_words().endswith("xKilled")


def test_one_that_does_not_heed_is_killed(stand_in, monkeypatch):
    monkeypatch.setattr(connector, "_GRACE_SECONDS", 0.2)
    stand_in(
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        'print(\'{"type": "SPEC"}\', flush=True)\ntime.sleep(60)'
    )
    with running_connector("read") as running:
        next(running.messages())
    assert running.exit_code() == -9
