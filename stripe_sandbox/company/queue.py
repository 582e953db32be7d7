"""What is due when: (time, rank, order) -> a call, with the account's quiet minutes kept free."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from stripe_sandbox.company.options import HOUR, QUIET_SECONDS

Handler = Callable[..., None]

FIRST, NORMAL, LAST = 0, 1, 2
"""Ranks within one second."""


def outside_quiet(at: int) -> int:
    """The same moment, or a little later when it lies in the last two minutes of an hour.

    Nothing happens in those, so that a clock moved by whole hours finds its quiet end without
    shifting anything, and several moves give what one gives.
    """
    into = at % HOUR
    return at + QUIET_SECONDS + 1 if into == 0 or into >= HOUR - QUIET_SECONDS else at


class Queue:
    """A heap of calls by time; one may be put in while another runs."""

    def __init__(self) -> None:
        """Starts empty."""
        self._heap: list[tuple[int, int, int, Handler, tuple[Any, ...]]] = []
        self._order = 0

    def at(self, when: int, handler: Handler, *args: Any, rank: int = NORMAL) -> None:
        """Calls `handler(*args)` at that second, outside the quiet minutes."""
        self._order += 1
        heappush(self._heap, (outside_quiet(when), rank, self._order, handler, args))

    def next_due(self) -> int | None:
        """When the next call is due."""
        return self._heap[0][0] if self._heap else None

    def pop(self) -> tuple[int, Handler, tuple[Any, ...]]:
        """Takes out the next call: when it is due, what, with what."""
        when, _, _, handler, args = heappop(self._heap)
        return when, handler, args
