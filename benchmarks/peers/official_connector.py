"""Airbyte's official connector, pointed at another server -> its runs, measured."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import orjson

from benchmarks.connector import configured_catalog, saved
from benchmarks.measuring import Measured, measure
from benchmarks.peers.environments import OFFICIAL, Unavailable

_STRIPE = "https://api.stripe.com/v1"


class OfficialConnector:
    """The connector as installed; only its manifest's base URL is changed."""

    def __init__(self, python: Path, folder: Path) -> None:
        """Keeps its files in `folder`."""
        self._python, self._folder = python, folder

    def point_at(self, url: str) -> None:
        """Makes it ask another server.

        Raises:
            Unavailable: the manifest is not as expected.
        """
        found = list(OFFICIAL.home.glob("lib/python*/site-packages/source_stripe/manifest.yaml"))
        if len(found) != 1:
            raise Unavailable(f"{OFFICIAL.title}: its manifest is not where it was")
        original = found[0].with_name("manifest.original.yaml")
        if not original.exists():
            original.write_bytes(found[0].read_bytes())
        text = original.read_text(encoding="utf-8")
        if text.count(_STRIPE) != 1:
            raise Unavailable(f"{OFFICIAL.title}: its manifest names Stripe in several places")
        found[0].write_text(text.replace(_STRIPE, f"{url}/v1"), encoding="utf-8")

    def read(
        self,
        streams: Iterable[str],
        start: int,
        *,
        name: str = "official",
        state: Path | None = None,
        catalog: dict[str, Any] | None = None,
    ) -> tuple[Measured, Path]:
        """Runs `read` once; gives the measurement and the file with the messages."""
        chosen = catalog or configured_catalog(streams)
        options: list[str | Path] = [
            "--catalog",
            saved(self._folder / f"{name}.catalog.json", chosen),
        ]
        if state is not None:
            options += ["--state", state]
        return self._run("read", start, name, options)

    def catalog(self, start: int) -> dict[str, Any]:
        """All streams that it has, each as it wants to be configured."""
        _, output = self._run("discover", start, "official.discover", [])
        for line in output.read_bytes().splitlines():
            message = orjson.loads(line)
            if message["type"] == "CATALOG":
                return {
                    "streams": [_configured(stream) for stream in message["catalog"]["streams"]]
                }
        raise Unavailable(f"{OFFICIAL.title}: discover gave no catalog")

    def _run(
        self, command: str, start: int, name: str, options: list[str | Path]
    ) -> tuple[Measured, Path]:
        moment = datetime.fromtimestamp(start, timezone.utc)
        config = {
            # Its budget takes a test key for one that may send 100 requests a second.
            "client_secret": "sk_test_benchmark",
            "account_id": "acct_benchmark",
            "start_date": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        output = self._folder / f"{name}.jsonl"
        given = ["--config", saved(self._folder / f"{name}.config.json", config), *options]
        program = OFFICIAL.program(self._python, command, *given)
        return measure(program, output, folder=self._folder), output


def _configured(stream: dict[str, Any]) -> dict[str, Any]:
    modes = stream["supported_sync_modes"]
    return {
        "stream": stream,
        "sync_mode": "incremental" if "incremental" in modes else "full_refresh",
        "destination_sync_mode": "append",
        "cursor_field": stream.get("default_cursor_field") or [],
    }
