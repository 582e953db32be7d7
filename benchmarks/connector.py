"""Streams, a server, a state -> a run of this repository's connector, measured."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from benchmarks.measuring import Measured, Program, measure
from benchmarks.server_process import ROOT

UNLIMITED = {"call_rate_limit": 1_000_000, "endpoint_rate_limit": 1_000_000}
"""Settings for a server without limits."""

SIX_STREAMS = ("customers", "subscriptions", "invoices", "charges", "refunds", "payouts")

LIBRARIES = "airbyte_cdk.entrypoint"
"""What is loaded before the connector's own code; any part of the CDK loads all of it."""


def configured_catalog(streams: Iterable[str], cursor: str = "updated") -> dict[str, Any]:
    """A catalog that asks for everything of some streams, incrementally."""
    return {
        "streams": [
            {
                "stream": {
                    "name": name,
                    "json_schema": {},
                    "supported_sync_modes": ["full_refresh", "incremental"],
                },
                "sync_mode": "incremental",
                "destination_sync_mode": "append",
                "cursor_field": [cursor],
            }
            for name in streams
        ]
    }


def saved(path: Path, content: Any) -> Path:
    """Writes JSON."""
    path.write_bytes(orjson.dumps(content))
    return path


def read(
    folder: Path,
    url: str,
    streams: Iterable[str],
    *,
    name: str = "connector",
    settings: dict[str, Any] | None = None,
    state: Path | None = None,
    bytes_per_second: int | None = None,
    exit_code: int = 0,
) -> tuple[Measured, Path]:
    """Runs `read` once.

    Args:
        folder: where its files go.
        url: the server.
        streams: what to read.
        name: of the files.
        settings: on top of key and address.
        state: a file with a state to go on from.
        bytes_per_second: how fast its output is taken at most.
        exit_code: that it is to end with.

    Returns:
        The measurement, and the file with the messages.
    """
    config = {"client_secret": "rk_live_benchmark", "api_url": url, **(settings or {})}
    output = folder / f"{name}.jsonl"
    arguments: list[str | Path] = ["read"]
    arguments += ["--config", saved(folder / f"{name}.config.json", config)]
    arguments += ["--catalog", saved(folder / f"{name}.catalog.json", configured_catalog(streams))]
    if state is not None:
        arguments += ["--state", state]
    program = Program(sys.executable, LIBRARIES, "source_stripe_saas", tuple(arguments))
    measured = measure(
        program, output, folder=ROOT, bytes_per_second=bytes_per_second, exit_code=exit_code
    )
    return measured, output


def last_states(output: Path) -> list[dict[str, Any]]:
    """Each stream's last state among a run's messages, as `--state` takes them."""
    states: dict[str, dict[str, Any]] = {}
    with output.open("rb") as lines:
        for line in lines:
            if line.startswith(b'{"type":"STATE"'):
                state = orjson.loads(line)["state"]
                states[state["stream"]["stream_descriptor"]["name"]] = state
    return list(states.values())
