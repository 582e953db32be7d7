"""Several reads -> their messages, some reads at a time, each in a thread of its own.

What one read yields comes in its order; a read goes on once its message has been taken over, so
that it is never far ahead of what is written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from queue import Full, Queue
from typing import Generic, TypeVar

Message = TypeVar("Message")

_MESSAGES_WAITING = 12
"""Most of them are pages, of 400 kB each."""
_SECONDS_BETWEEN_LOOKS = 0.5


@dataclass(frozen=True)
class Said(Generic[Message]):
    """A message of one read."""

    name: str
    message: Message


@dataclass(frozen=True)
class Ended:
    """One read has ended."""

    name: str
    error: BaseException | None = None
    """What ended it, if it did not come to its end."""


class _Abandoned(Exception):
    """Nobody takes the messages any more."""


def side_by_side(
    names: Iterable[str], read: Callable[[str], Iterator[Message]], at_a_time: int
) -> Iterator[Said[Message] | Ended]:
    """All messages of all reads; for each read `Ended` is the last.

    Args:
        names: of the reads, in the order in which they begin; the next one is asked for when there
            is room for it, in the thread that takes the messages.
        read: begins one and yields its messages, in a thread of its own.
        at_a_time: how many at most.
    """
    said: Queue[Said[Message] | Ended] = Queue(_MESSAGES_WAITING)
    abandoned = threading.Event()

    def put(item: Said[Message] | Ended) -> None:
        while not abandoned.is_set():
            try:
                said.put(item, timeout=_SECONDS_BETWEEN_LOOKS)
                return
            except Full:
                continue
        raise _Abandoned

    def run(name: str) -> None:
        error: BaseException | None = None
        try:
            for message in read(name):
                put(Said(name, message))
        except _Abandoned:
            return
        except BaseException as problem:
            error = problem
        try:
            put(Ended(name, error))
        except _Abandoned:
            return

    waiting, running = iter(names), 0
    try:
        while True:
            while running < at_a_time:
                name = next(waiting, None)
                if name is None:
                    break
                threading.Thread(target=run, args=(name,), name=f"read-{name}", daemon=True).start()
                running += 1
            if not running:
                return
            item = said.get()
            running -= isinstance(item, Ended)
            yield item
    finally:
        abandoned.set()
