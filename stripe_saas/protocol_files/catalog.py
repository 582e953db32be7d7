"""`stripe-saas catalog`: what `discover` wrote in, the catalog that `read` wants out."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stripe_saas.protocol_files.messages import NotMessages, messages_in


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to a parser."""
    parser.add_argument("streams", nargs="*", metavar="STREAM", help="default: all of them")
    parser.add_argument(
        "--full-refresh", action="store_true", help="read everything on every sync, keep no state"
    )


def run(arguments: argparse.Namespace) -> int:
    """Reads `discover`'s output from standard input and writes the catalog to standard output.

    Returns:
        0, or 1 if there is no catalog in it or a stream has another name.
    """
    try:
        streams = discovered_streams(messages_in(sys.stdin.buffer))
        catalog = configured_catalog(
            chosen_streams(streams, arguments.streams), is_full_refresh=arguments.full_refresh
        )
    except ValueError as error:
        print(f"catalog: {error}", file=sys.stderr)
        return 1
    print(json.dumps(catalog, indent=1))
    return 0


def discovered_streams(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The streams of the catalog among the messages.

    Raises:
        NotMessages: there is no catalog.
    """
    for message in messages:
        if message["type"] == "CATALOG":
            streams: list[dict[str, Any]] = message["catalog"]["streams"]
            return streams
    raise NotMessages("discover gave no catalog")


def chosen_streams(
    streams: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> list[Mapping[str, Any]]:
    """The streams of these names, in the order of the names; all of them if none is named.

    Raises:
        ValueError: no stream has one of the names.
    """
    if not names:
        return list(streams)
    by_name = {stream["name"]: stream for stream in streams}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ValueError(f"there is no stream {unknown[0]!r}; there are {', '.join(by_name)}")
    return [by_name[name] for name in dict.fromkeys(names)]


def configured_catalog(
    streams: Iterable[Mapping[str, Any]], *, is_full_refresh: bool = False
) -> dict[str, Any]:
    """A configured catalog of these streams, incremental where they can be."""
    configured = []
    for stream in streams:
        is_incremental = can_be_incremental(stream) and not is_full_refresh
        configured.append(
            {
                "stream": stream,
                "sync_mode": "incremental" if is_incremental else "full_refresh",
                "destination_sync_mode": "append_dedup" if is_incremental else "overwrite",
            }
        )
    return {"streams": configured}


def can_be_incremental(stream: Mapping[str, Any]) -> bool:
    """True if a state lets the stream's next read be shorter."""
    return "incremental" in stream["supported_sync_modes"]
