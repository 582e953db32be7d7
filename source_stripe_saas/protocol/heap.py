"""What a read does with memory: the C library's heap and Python's collector, told about pages."""

from __future__ import annotations

import ctypes
import gc

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Names of the settings, from glibc's malloc.h."""

_LARGE_BYTES = 1024 * 1024
_KEPT_BYTES = 32 * 1024 * 1024

_YOUNG_OBJECTS, _YOUNG_ROUNDS, _MIDDLE_ROUNDS = 100_000, 20, 50
"""When Python looks for cycles; by default after 700, 10 and 10."""


def keep_one_heap() -> None:
    """Has all threads use one heap, which keeps what a few pages need and gives back the rest.

    By default each thread fills a heap of its own with pages of half a megabyte, and none of them
    ever shrinks. Mapping each block by itself would be flat too, but the system then hands out
    every byte anew, which costs a sixth of a read. Other C libraries do not have the call.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_ARENA_MAX, 1)
    mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
    mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def look_for_cycles_seldom() -> None:
    """Spares what is loaded by now from the search for cycles, and has pages searched less often.

    The CDK brings some hundred thousand objects that stay for good. A page makes hundreds that hold
    no cycles; searching everything for them took a quarter of a read's time.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, _YOUNG_ROUNDS, _MIDDLE_ROUNDS)
