"""`stripe-saas state`: what `read` wrote in, the state that the next `read` wants out."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from stripe_saas.protocol_files.messages import NotMessages, messages_in


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has none."""


def run(arguments: argparse.Namespace) -> int:
    """Reads `read`'s output from standard input and writes the state to standard output.

    Returns:
        0, or 1 if a line is not a message.
    """
    try:
        states = last_states(messages_in(sys.stdin.buffer))
    except NotMessages as error:
        print(f"state: {error}", file=sys.stderr)
        return 1
    print(json.dumps(states, indent=1))
    return 0


def last_states(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each stream's last state; each is true of the records before it, wherever the read ended."""
    states: dict[str, dict[str, Any]] = {}
    for message in messages:
        if message["type"] == "STATE":
            state = message["state"]
            states[state["stream"]["stream_descriptor"]["name"]] = state
    return list(states.values())
