"""The C library's heap, told to give back what a page used."""

from __future__ import annotations

import ctypes

_M_MMAP_THRESHOLD = -3
_LARGE_BYTES = 128 * 1024


def give_back_large_blocks() -> None:
    """Has every large block mapped by itself, so that freeing it really frees it.

    glibc raises its own threshold as large blocks come and go; pages of half a megabyte in many
    threads then pile up in heaps that never shrink. Other C libraries do not have the call.
    """
    try:
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
    except (OSError, AttributeError):
        return
