"""A running sandbox and a folder -> both reads done, their output beside the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from stripe_saas.demo.connector_process import ConnectorProcess, Run
from stripe_saas.demo.messages import (
    CatalogStream,
    Output,
    described,
    messages_of,
    output_in,
)
from stripe_saas.demo.progress import phase
from stripe_saas.demo.sandbox_process import SandboxProcess
from stripe_saas.protocol_files.catalog import configured_catalog, discovered_streams

_NO_LIMIT = 1_000_000
"""Requests a second that no machine reaches."""

Truth = Mapping[str, Mapping[str, Any]]


class DemoError(Exception):
    """The connector did not get as far as being compared."""


@dataclass(frozen=True)
class Read:
    """One read, and the truth at its time."""

    output: Output
    truth: Truth
    requests_by_route: dict[str, int]
    seconds: float
    exit_code: int

    @property
    def requests(self) -> int:
        """All requests that the sandbox answered meanwhile."""
        return sum(self.requests_by_route.values())

    @property
    def records_per_second(self) -> float:
        """Of the whole process, its start-up among it."""
        return self.output.records / self.seconds


@dataclass(frozen=True)
class Reads:
    """All that is compared."""

    streams: list[CatalogStream]
    full: Read
    incremental: Read


class Reader:
    """Takes the connector through its commands, against one sandbox."""

    def __init__(
        self, sandbox: SandboxProcess, folder: Path, out: TextIO, *, is_paced: bool = True
    ) -> None:
        """Keeps every file in `folder` and writes its progress to `out`.

        Args:
            sandbox: what is read.
            folder: for config, catalog, messages and state.
            out: gets the progress.
            is_paced: whether the connector keeps to the limits that Stripe sets.
        """
        self._sandbox, self._out = sandbox, out
        config: dict[str, Any] = {"client_secret": sandbox.key, "api_url": sandbox.url}
        if not is_paced:
            config |= {"call_rate_limit": _NO_LIMIT, "endpoint_rate_limit": _NO_LIMIT}
        self._connector = ConnectorProcess(folder, config)

    def reads(self, days: int) -> Reads:
        """Check, discover, a read of everything, and one of what changed in some days.

        Raises:
            DemoError: the check failed, or there was no catalog.
        """
        self._check()
        streams, catalog = self._discover()
        full = self._read("full read", "full", streams, ("--catalog", catalog))
        state = self._connector.save("state.json", full.output.states())
        with phase(self._out, "clock") as moving:
            moving.update(f"{days} days pass")
            self._sandbox.advance(days)
            moving.result = f"moved on by {days} days"
        options = ("--catalog", catalog, "--state", state)
        incremental = self._read("incremental read", "incremental", streams, options)
        return Reads(streams, full, incremental)

    def _check(self) -> None:
        with phase(self._out, "check") as checking:
            run = self._connector.run("check", name="check")
            for message in messages_of(run.messages):
                if message["type"] == "CONNECTION_STATUS":
                    status = message["connectionStatus"]
                    checking.result = status["message"]
                    if status["status"] == "SUCCEEDED" and run.exit_code == 0:
                        return
            raise DemoError(f"check failed: {checking.result or _reason(run)}")

    def _discover(self) -> tuple[list[CatalogStream], Path]:
        with phase(self._out, "discover") as discovering:
            run = self._connector.run("discover", name="discover")
            try:
                found = discovered_streams(messages_of(run.messages))
            except ValueError as error:
                raise DemoError(f"{error}: {_reason(run)}") from error
            discovering.result = f"{len(found)} streams"
            catalog = self._connector.save("catalog.json", configured_catalog(found))
            return described(found), catalog

    def _read(
        self, title: str, name: str, streams: list[CatalogStream], options: tuple[str | Path, ...]
    ) -> Read:
        self._sandbox.requests_by_route()  # what was asked before is not this read's
        with phase(self._out, title) as reading:
            run = self._connector.run(
                "read",
                name=name,
                options=options,
                watch=lambda lines: reading.update(f"{lines:,} messages"),
            )
            read = self._finished(run, name, streams)
            reading.result = f"{read.output.records:,} records, {read.requests:,} requests"
        return read

    def _finished(self, run: Run, name: str, streams: list[CatalogStream]) -> Read:
        requests = self._sandbox.requests_by_route()
        truth = self._sandbox.truth()
        self._connector.save(f"truth-{name}.json", truth)
        return Read(output_in(run.messages, streams), truth, requests, run.seconds, run.exit_code)


def _reason(run: Run) -> str:
    """Why a run failed, in the connector's own words."""
    errors = [
        f"{error['message']} {error.get('internal_message') or ''}".rstrip()
        for message in messages_of(run.messages)
        if message["type"] == "TRACE" and (error := message["trace"].get("error"))
    ]
    return " ".join(errors) or run.last_words or f"exit code {run.exit_code}, and no word why"
