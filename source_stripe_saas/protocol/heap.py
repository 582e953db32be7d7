"""Settings of the C library's heap and of Python's garbage collector for reading large pages."""

from __future__ import annotations

import ctypes
import gc

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Names of the settings, from glibc's malloc.h."""

_LARGE_BYTES = 1024 * 1024
_KEPT_BYTES = 32 * 1024 * 1024

_YOUNG_OBJECTS, _YOUNG_ROUNDS, _MIDDLE_ROUNDS = 100_000, 20, 50
"""Thresholds of the garbage collector; by default 700, 10 and 10."""


def keep_one_heap() -> None:
    """Lets all threads share one heap, which keeps memory for a few pages and gives back the rest.

    By default each thread fills a heap of its own with pages of half a megabyte, and no heap ever
    shrinks. Mapping each block by itself would bound memory as well, but the system would then
    clear every byte anew, which costs a sixth of a read. Other C libraries do not have the call.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_ARENA_MAX, 1)
    mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
    mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def collect_garbage_rarely() -> None:
    """Exempts everything loaded so far from garbage collection, and collects less often.

    The CDK loads some hundred thousand objects that are never freed. A page creates hundreds of
    objects without cycles; searching all of them took a quarter of a read's time.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, _YOUNG_ROUNDS, _MIDDLE_ROUNDS)
