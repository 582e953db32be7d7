"""No command shows the API key or the hashing key: not in what it prints, nor in what it writes.

Every command is run, by its name in the tables of commands, and one that has no run here fails.
"""

import base64
import io
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from integration_tests.connector import COMMAND
from integration_tests.forking import ForkedPopen
from integration_tests.secret_search import assert_no_secret
from integration_tests.world import a_world
from source_stripe_saas.__main__ import run
from source_stripe_saas.api.transport import Transport
from source_stripe_saas.protocol.arguments import COMMANDS as PROTOCOL_COMMANDS
from stripe_saas.cli import COMMANDS as PEOPLES_COMMANDS
from stripe_sandbox.command import READY_KEYS
from stripe_sandbox.server.keys import Key, parse_permissions

KEY = "sk_test_searchedFor0000000042"
LESSER_KEY = "rk_test_searchedFor0000000043"
WRONG_KEY = "sk_live_searchedFor0000000044"
HASHING_KEY = "searchedForAsWell000000000000000045"
SECRETS = (KEY, LESSER_KEY, WRONG_KEY, HASHING_KEY)

STREAMS = ("account", "customers", "subscriptions", "subscription_items", "invoices", "events")
TAPES = Path(__file__).parent / "cassettes"
LIKE_A_KEY = re.compile(r"\b(?:sk|rk|pk)_(?:live|test|org)_\w+")
CONFIGS = ("good.json", "lesser.json", "wrong.json", "nowhere.json")
PEOPLES = (sys.executable, "-m", "stripe_saas.cli")


class Bench:
    """A folder with configs, a sandbox, and everything that was printed by commands run here."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.printed: list[tuple[str, str]] = []
        """(what was run, what it printed)."""
        self._kept: dict[str, str] = {}
        rates = {"call_rate_limit": 10_000, "endpoint_rate_limit": 10_000}
        hashed = {"personal_data": "hash", "personal_data_key": HASHING_KEY}
        config = {"client_secret": KEY, "api_url": url, **rates, **hashed}
        self._write("good.json", config)
        self._write("lesser.json", {**config, "client_secret": LESSER_KEY})
        self._write("wrong.json", {**config, "client_secret": WRONG_KEY})
        self._write("nowhere.json", {**config, "api_url": f"http://127.0.0.1:9/{KEY}"})

    def _write(self, name: str, content: object) -> None:
        (self.folder / name).write_text(json.dumps(content), encoding="utf-8")

    def run(self, *arguments: str, command=COMMAND, given: str = "", seconds: float = 240) -> str:
        """Runs a command in the folder and keeps what it prints; gives its standard output."""
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        env = {**os.environ, "AIRBYTE_OFFLINE_MODE": "1", "DO_NOT_TRACK": "1"}
        command = [*command, *arguments]
        with ForkedPopen(command, **pipes, text=True, cwd=self.folder, env=env) as process:
            output, complaints = process.communicate(given, timeout=seconds)
        self.printed.append((f"{arguments} -> {process.returncode}", output + complaints))
        return output

    def people(self, *arguments: str, given: str = "", seconds: float = 240) -> str:
        """The same for `stripe-saas`."""
        return self.run(*arguments, command=PEOPLES, given=given, seconds=seconds)

    def once(self, name: str, make: Callable[[], str]) -> str:
        """What a step gave, taken only once however many commands need it."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    # -- what one command makes for another --------------------------------------------------------

    def discovered(self) -> str:
        return self.once("discovered", lambda: self.run("discover", "--config", "good.json"))

    def catalog(self) -> str:
        def make() -> str:
            text = self.people("catalog", *STREAMS, given=self.discovered())
            (self.folder / "catalog.json").write_text(text)
            return text

        return self.once("catalog", make)

    def messages(self) -> str:
        def make() -> str:
            self.catalog()
            text = self.read("good.json")
            (self.folder / "messages.jsonl").write_text(text)
            return text

        return self.once("messages", make)

    def read(self, config: str, *more: str) -> str:
        names = ("--config", config, "--catalog", "catalog.json")
        return self.run("read", *names, "--debug", *more)

    def synced(self) -> str:
        def make() -> str:
            into = ("--warehouse", "duckdb:///warehouse.duckdb", "--no-models")
            return self.people("sync", "--config", "good.json", *into, "--streams", *STREAMS)

        return self.once("synced", make)


def _spec(bench):
    bench.run("spec")


def _check(bench):
    for config in CONFIGS:
        bench.run("check", "--config", config, "--debug")


def _discover(bench):
    bench.discovered()
    bench.run("discover", "--config", "wrong.json", "--debug")


def _read(bench):
    bench.messages()
    assert '"RECORD"' in bench.messages()
    for config in ("lesser.json", "wrong.json"):
        assert '"ERROR"' in bench.read(config)


def _sandbox(bench):
    """Served with a key on its command line, asked with right and wrong ones, then stopped."""
    command = [*PEOPLES, "sandbox", "--port", "0", "--samples"]
    command += ["--key", f"{LESSER_KEY}=customer_read"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        url = next(word for word in first.split() if word.startswith("http"))
        for number, key in enumerate((KEY, LESSER_KEY, WRONG_KEY)):
            name = f"sandbox-{number}.json"
            bench._write(name, {"client_secret": key, "api_url": url})
            bench.run("check", "--config", name)
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=30)
    # It tells the key that it comes with, which opens nothing but itself.
    assert READY_KEYS[False] in first
    bench.printed.append(("sandbox", first + rest))


def _serve(bench):
    """Connected by a pasted key, over HTTP, and ended while the first sync is asked for."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [*PEOPLES, "serve", "--data", str(bench.folder / "service"), "--port", str(port)]
    process = subprocess.Popen(
        command,
        env={**os.environ, "STRIPE_SAAS_API_URL": bench.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        link = next(line.strip() for line in process.stdout if "/invitation/" in line)
        browser = requests.Session()
        browser.mount("http://", HTTPAdapter(max_retries=Retry(connect=30, backoff_factor=0.1)))
        me = {"email": "me@example.com", "name": "Me", "password": "correct horse battery"}
        page = browser.post(link, data=me, timeout=30).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        for key in (KEY, LESSER_KEY, WRONG_KEY):
            answer = browser.post(
                f"http://127.0.0.1:{port}/api/integrations/stripe/key",
                json={"key": key},
                headers={"x-csrf-token": token},
                timeout=60,
            )
            bench.printed.append(("serve, a pasted key", answer.text))
            assert answer.json()["is_connected"] == (key == KEY)
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=60)
    bench.printed.append(("serve", rest))


def _service(bench):
    """Prints what it makes, or why it makes nothing."""
    data = ("--data", str(bench.folder / "service"))
    bench.people("service", "invite", "--role", "analyst", *data)
    bench.people("service", "token", "--scope", "sync", *data)


def _demo(bench):
    output = bench.people("demo", "--samples", "--unpaced", "--keep", "demo")
    assert "match the sandbox" in output
    for path in (bench.folder / "demo").rglob("*"):
        if path.is_file() and "config" not in path.name:
            text = path.read_text(errors="replace")
            assert_no_secret([text], [READY_KEYS[True]], path.name)
    assert_no_secret([output], [READY_KEYS[True]], "demo")


def _catalog(bench):
    bench.catalog()
    bench.people("catalog", "no_such_stream", given=bench.discovered())
    bench.people("catalog", given="no messages")


def _key_link(bench):
    bench.people("key-link", *STREAMS)


def _state(bench):
    text = bench.people("state", given=bench.messages())
    (bench.folder / "state.json").write_text(text)
    bench.people("state", given="no messages")


def _sync(bench):
    assert "Complete" in bench.synced()
    into = ("--warehouse", "duckdb:///lesser.duckdb", "--no-models", "--streams", *STREAMS)
    assert "Complete" not in bench.people("sync", "--config", "lesser.json", *into)


def _models(bench):
    bench.once("built", lambda: _built(bench))


def _built(bench):
    bench.synced()
    return bench.people("models", "--warehouse", "duckdb:///warehouse.duckdb", seconds=400)


def _report(bench):
    bench.once("built", lambda: _built(bench))
    bench.people("report", "--warehouse", "duckdb:///warehouse.duckdb", "--out", "report.html")


def _explain(bench):
    messages = map(json.loads, bench.messages().splitlines())
    records = (message["record"] for message in messages if message["type"] == "RECORD")
    name = next(one["data"]["id"] for one in records if one["stream"] == "subscriptions")
    for config in ("good.json", "wrong.json"):
        bench.people("explain", name, "--config", config, "--save", "explained.json")


def _close(bench):
    bench.once("built", lambda: _built(bench))
    into = ("--warehouse", "duckdb:///warehouse.duckdb")
    reopen = ("2026-05", "--reopen", "--because", "a test")
    for arguments in (("2026-05",), reopen, (), ("--verify",)):
        bench.people("close", *arguments, *into)


def _compare(bench):
    bench.synced()
    into = ("--warehouse", "duckdb:///warehouse.duckdb", "--month", "2026-05")
    for config in ("good.json", "wrong.json"):
        bench.people("compare", "--with", "stripe", "--config", config, *into)


def _status(bench):
    bench.synced()
    bench.people("status", "--warehouse", "duckdb:///warehouse.duckdb")


def _verify(bench):
    bench.messages()
    for config in ("good.json", "wrong.json"):
        bench.people("verify", "--config", config, "--messages", "messages.jsonl")


def _derive(bench):
    bench.messages()
    bench.people("derive", "--input", "messages.jsonl")


RUNS = {
    "spec": _spec,
    "check": _check,
    "discover": _discover,
    "read": _read,
    "sandbox": _sandbox,
    "serve": _serve,
    "service": _service,
    "demo": _demo,
    "catalog": _catalog,
    "state": _state,
    "sync": _sync,
    "models": _models,
    "close": _close,
    "compare": _compare,
    "status": _status,
    "key-link": _key_link,
    "verify": _verify,
    "derive": _derive,
    "explain": _explain,
    "report": _report,
}
COMMANDS = sorted({*PROTOCOL_COMMANDS, *PEOPLES_COMMANDS})


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("searched")
    lesser = Key(LESSER_KEY, permissions=parse_permissions("customer_read,event_read"))
    with a_world(
        tmp_path_factory.mktemp("served"), customers=12, months=3, serving={"keys": (lesser,)}
    ) as world:
        yield Bench(folder, world.url)


def test_every_command_is_searched():
    assert sorted(RUNS) == COMMANDS, "a command without a run in this file is not searched"


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_shows_no_secret(bench, name):
    already = len(bench.printed)
    RUNS[name](bench)
    printed = bench.printed[already:] or bench.printed
    for what, text in printed:
        assert_no_secret([text], SECRETS, what)
    assert any(text for _, text in printed)
    for path in bench.folder.rglob("*"):
        is_config = path.name in CONFIGS or path.name.startswith("sandbox-")
        if path.is_file() and not is_config:
            assert_no_secret([path.read_text(errors="replace")], SECRETS, path.name)


def test_the_search_finds_a_secret_in_all_its_forms():
    for shown in (KEY, f"https://x/?k={KEY}", f'{{"key": "{KEY}"}}'):
        with pytest.raises(AssertionError, match="shows a secret"):
            assert_no_secret(["first", shown], SECRETS)
    header = base64.b64encode(f"{KEY}:".encode()).decode()
    for shown in (f"Authorization: Basic {header}", HASHING_KEY):
        with pytest.raises(AssertionError, match="shows a secret"):
            assert_no_secret([shown], SECRETS)
    assert_no_secret(["nothing here"], SECRETS)


def test_no_tape_holds_a_key_or_the_header_that_carried_it():
    tapes = [path for path in TAPES.rglob("*") if path.is_file()]
    assert len(tapes) >= 4
    for path in tapes:
        text = path.read_text(encoding="utf-8")
        assert not LIKE_A_KEY.findall(text), path
        assert "Bearer " not in text, path


@pytest.mark.parametrize("debug", [(), ("--debug",)], ids=["plain", "debug"])
@pytest.mark.parametrize(
    ("command", "after"), [("check", 0), ("check", 2), ("read", 0), ("read", 3)]
)
def test_a_crash_that_has_the_key_in_its_text_does_not_show_it(
    bench, monkeypatch, capfd, command, after, debug
):
    get, asked = Transport.get, []

    def crash(*arguments, **options):
        asked.append(arguments)
        if len(asked) <= after:
            return get(*arguments, **options)
        raise RuntimeError(f"sent {KEY} with {HASHING_KEY} to nobody\nAuthorization: Bearer {KEY}")

    bench.catalog()
    monkeypatch.setattr(Transport, "get", crash)
    arguments = [command, "--config", str(bench.folder / "good.json"), *debug]
    if command == "read":
        arguments += ["--catalog", str(bench.folder / "catalog.json")]
    out = io.StringIO()
    assert run(arguments, out) == 1
    shown = capfd.readouterr()
    assert_no_secret([out.getvalue(), shown.out, shown.err], SECRETS, command)
    assert "RuntimeError" in out.getvalue() + shown.out + shown.err
