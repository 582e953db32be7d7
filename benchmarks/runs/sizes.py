"""Accounts of two sizes, read once each: what memory and growth are both judged by."""

from __future__ import annotations

from functools import cache

from benchmarks.context import Context
from benchmarks.options import ServerOptions
from benchmarks.runs.reading import Read, read_with_connector

_SMALL, _LARGE = 50_000, 1_000_000
_TINY_SMALL, _TINY_LARGE = 1_000, 4_000


@cache
def small_account(context: Context) -> list[Read]:
    """Several runs of the small one."""
    objects = context.size(_SMALL, _TINY_SMALL)
    return [_read(context, objects) for _ in range(context.repeats)]


@cache
def large_account(context: Context) -> Read:
    """One run of the large one."""
    return _read(context, context.size(_LARGE, _TINY_LARGE))


def slowly_read(context: Context, bytes_per_second: int) -> Read:
    """The small one, its output taken slowly."""
    return _read(context, context.size(_SMALL, _TINY_SMALL), bytes_per_second)


def _read(context: Context, objects: int, bytes_per_second: int | None = None) -> Read:
    context.say(f"{objects:,} objects" + (", a slow reader" if bytes_per_second else ""))
    options = ServerOptions(context.account(objects))
    return read_with_connector(context, options, bytes_per_second=bytes_per_second)
