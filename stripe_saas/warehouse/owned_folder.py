"""Files for their owner alone; temporary folders that are removed even after a crash."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

_PREFIX = "stripe-saas-"
_LOCK = "owner.lock"


@contextmanager
def owned_folder() -> Iterator[Path]:
    """Lends a folder out, for this user alone; takes away those whose owners are gone.

    Raises:
        OSError: none can be made.
    """
    remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = FileLock(folder / _LOCK, mode=0o600)
    try:
        with lock:
            files = folder / "files"
            files.mkdir()
            yield files
            shutil.rmtree(files, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def files_for_owner() -> Iterator[None]:
    """Lets nobody else read the files that are made in this context, by this process or others."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def remove_abandoned() -> None:
    """Takes folders away that nobody holds the lock of."""
    for lock in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        # Another user's folder cannot be opened, and another process may be faster.
        with suppress(OSError, Timeout), FileLock(lock, timeout=0, mode=0o600):
            shutil.rmtree(lock.parent, ignore_errors=True)
