"""A sync's process gets its config without a file on a disk, and ends with the service."""

import functools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stripe_saas_service.workflows import sync_process

CONFIG = {"client_secret": "sk_test_inmemory00001"}

_FAKE = (
    "import sys, pathlib; print(sys.argv); print(pathlib.Path(sys.argv[5]).read_text()); "
    "sys.exit(3)"
)


def test_the_config_is_in_memory_for_as_long_as_the_process_runs(monkeypatch, tmp_path):
    fake = tmp_path / "python"
    fake.write_text(f"#!{sys.executable}\n{_FAKE}")
    fake.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(fake))
    lines = []
    ended = sync_process.sync(CONFIG, "w.duckdb", is_full=True, on_line=lines.append)
    assert ended.code == 3
    assert json.loads(lines[1]) == CONFIG
    assert ended.said == "\n".join(lines)
    arguments = lines[0]
    assert "'--warehouse', 'w.duckdb', '--full'" in arguments
    path = arguments.split("'--config', '")[1].split("'")[0]
    assert path.startswith(f"/proc/{os.getpid()}/fd/")
    assert not Path(path).exists() or "config" not in os.readlink(path)


def test_a_process_ends_when_the_one_that_began_it_is_killed():
    begin = (
        "import functools, os, subprocess, sys, time\n"
        "from stripe_saas_service.workflows.sync_process import _end_with_parent\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
        " preexec_fn=functools.partial(_end_with_parent, os.getpid()), stdout=sys.stdout)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", begin], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    parent.stdout.readline()
    parent.send_signal(signal.SIGKILL)
    # Its end of the pipe was the last one that is open.
    assert parent.stdout.read() == ""
    parent.wait()


def test_a_process_whose_service_was_killed_before_it_began_ends_at_once():
    ended = subprocess.run(
        [sys.executable, "-c", "pass"],
        preexec_fn=functools.partial(sync_process._end_with_parent, os.getppid()),
        check=False,
    )
    assert ended.returncode == 1


def test_no_process_is_left_when_its_progress_cannot_be_taken(monkeypatch, tmp_path):
    fake = tmp_path / "python"
    fake.write_text(
        f"#!{sys.executable}\nimport time; print('reading', flush=True); time.sleep(60)\n"
    )
    fake.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(fake))
    begun = []

    def on_line(line):
        raise OSError(line)

    with pytest.raises(OSError, match="reading"):
        sync_process.sync(CONFIG, "w.duckdb", is_full=False, on_line=on_line, on_start=begun.append)
    assert begun[0].returncode == -signal.SIGKILL
