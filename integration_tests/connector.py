"""A config, a catalog and states -> what the connector printed, in this process or its own.

Loading the CDK takes seconds, so whatever does not need a process of its own runs in this one,
through the same function that the console script calls.
"""

from __future__ import annotations

import io
import itertools
import json
import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from integration_tests.forking import ForkedPopen
from integration_tests.secret_search import assert_run_is_silent
from source_stripe_saas.__main__ import run

MAIN_STREAMS = ("customers", "subscriptions", "invoices", "charges", "refunds", "payouts")
TEST_KEY = "sk_test_integration0000000001"

Message = dict[str, Any]
_numbers = itertools.count()


@dataclass
class Run:
    """What one command printed."""

    code: int
    messages: list[Message] = field(default_factory=list)
    logs: list[Message] = field(default_factory=list)
    """Of each log line `level` and `message`."""
    stderr: str = ""

    def of_type(self, kind: str) -> list[Message]:
        """The messages of one type."""
        return [message for message in self.messages if message["type"] == kind]

    @property
    def records(self) -> dict[str, list[Message]]:
        """Stream -> its records."""
        found: dict[str, list[Message]] = {}
        for message in self.of_type("RECORD"):
            found.setdefault(message["record"]["stream"], []).append(message["record"]["data"])
        return found

    @property
    def states(self) -> dict[str, Message]:
        """Stream -> its last state blob."""
        return {
            message["state"]["stream"]["stream_descriptor"]["name"]: message["state"]["stream"][
                "stream_state"
            ]
            for message in self.of_type("STATE")
        }

    @property
    def statuses(self) -> dict[str, str]:
        """Stream -> its last status."""
        traces = [message["trace"] for message in self.of_type("TRACE")]
        statuses = [t["stream_status"] for t in traces if t["type"] == "STREAM_STATUS"]
        return {status["stream_descriptor"]["name"]: status["status"] for status in statuses}

    @property
    def errors(self) -> list[Message]:
        """The error traces."""
        traces = [message["trace"] for message in self.of_type("TRACE")]
        return [trace["error"] for trace in traces if trace["type"] == "ERROR"]

    @property
    def connection(self) -> Message:
        """The verdict of a check."""
        [status] = self.of_type("CONNECTION_STATUS")
        found: Message = status["connectionStatus"]
        return found

    def assert_complete(self) -> None:
        """Fails unless every stream was read to its end without a word of complaint."""
        assert not self.errors, self.errors
        assert self.code == 0
        assert Counter(self.statuses.values()).keys() == {"COMPLETE"}, self.statuses


def decoded(text: str) -> list[Message]:
    """The messages of an output, an unfinished last line left out."""
    lines = text.split("\n")
    return [json.loads(line) for line in lines[:-1]]


class Connector:
    """The connector with one config."""

    def __init__(self, folder: Path, url: str, **config: Any) -> None:
        """Writes its files into `folder`.

        The sandbox stands the whole machine's pace, so by default Stripe's limits are lifted.
        """
        self._folder = folder
        self.config = {
            "client_secret": TEST_KEY,
            "api_url": url,
            "call_rate_limit": 100_000,
            "endpoint_rate_limit": 100_000,
            **config,
        }
        self._streams: list[Message] = []

    # -- in this process ---------------------------------------------------------------------------

    def check(self) -> Run:
        """Runs `check`."""
        return self.run("check", "--config", self.file(self.config))

    @property
    def streams(self) -> list[Message]:
        """The streams as `discover` tells of them."""
        if not self._streams:
            [catalog] = self.run("discover", "--config", self.file(self.config)).of_type("CATALOG")
            self._streams = catalog["catalog"]["streams"]
        return self._streams

    def catalog(self, names: Iterable[str] = (), sync_mode: str | None = None) -> Message:
        """A configured catalog: all streams or some, incremental where they can be."""
        chosen = set(names)
        return {
            "streams": [
                {
                    "stream": stream,
                    "sync_mode": sync_mode or stream["supported_sync_modes"][-1],
                    "destination_sync_mode": "append_dedup",
                }
                for stream in self.streams
                if not chosen or stream["name"] in chosen
            ]
        }

    def read(
        self,
        states: Sequence[Mapping[str, Any]] = (),
        names: Iterable[str] = (),
        sync_mode: str | None = None,
    ) -> Run:
        """Runs `read` in this process."""
        return self.run(*self.read_arguments(states, names, sync_mode))

    def read_arguments(
        self,
        states: Sequence[Mapping[str, Any]] = (),
        names: Iterable[str] = (),
        sync_mode: str | None = None,
    ) -> list[str]:
        """The command line of a `read`."""
        catalog = self.file(self.catalog(names, sync_mode))
        arguments = ["read", "--config", self.file(self.config), "--catalog", catalog]
        return [*arguments, "--state", self.file(list(states))] if states else arguments

    def run(self, *arguments: str) -> Run:
        """Runs any command in this process."""
        out = io.StringIO()
        with _LogLines() as logs:
            code = run(arguments, out)
        assert_run_is_silent(arguments, out.getvalue(), json.dumps(logs.lines))
        return Run(code, decoded(out.getvalue()), logs.lines)

    def file(self, content: Any) -> str:
        """The path of a new JSON file."""
        path = self._folder / f"{next(_numbers)}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)


class _LogLines(logging.Handler):
    """Collects what the connector logs while the context lasts."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Message] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append({"level": record.levelname, "message": record.getMessage()})

    def __enter__(self) -> _LogLines:
        logger = logging.getLogger("airbyte")
        logger.addHandler(self)
        logger.propagate = False  # the console is for processes
        return self

    def __exit__(self, *_: object) -> None:
        logger = logging.getLogger("airbyte")
        logger.removeHandler(self)
        logger.propagate = True


# -- as a process ----------------------------------------------------------------------------------

CONSOLE_SCRIPT = Path(sys.executable).with_name("source-stripe-saas")
COMMAND = (
    (sys.executable, str(CONSOLE_SCRIPT))
    if CONSOLE_SCRIPT.exists()
    # An environment that has the dependencies alone runs the checkout.
    else (sys.executable, "-m", "source_stripe_saas")
)


def start(arguments: Sequence[str], **options: Any) -> subprocess.Popen[str]:
    """Starts the connector; its output is a pipe."""
    return ForkedPopen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, text=True, encoding="utf-8", **options
    )


def run_process(
    arguments: Sequence[str], command: Sequence[str] = COMMAND, timeout: float = 60, **options: Any
) -> Run:
    """Runs the connector as a process to its end."""
    with ForkedPopen(
        [*command, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, **options.pop("env", {})},
        **options,
    ) as process:
        try:
            output, complaints = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert_run_is_silent(arguments, output, complaints)
    messages = decoded(output)
    logs = [message["log"] for message in messages if message["type"] == "LOG"]
    return Run(process.returncode, messages, logs, complaints)
