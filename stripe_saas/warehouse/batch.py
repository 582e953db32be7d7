"""Lines of one stream that wait to be written: a file, and which of its lines count."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from stripe_saas.warehouse.records import Key, Line, Reject

_BUFFER_BYTES = 256 * 1024


class Batch:
    """Grows until it is written; of two lines of one key it keeps the later state of the object.

    It may be written again after a failure: nothing is taken out of it.
    """

    def __init__(self, path: Path) -> None:
        """Makes an empty file, for its owner alone.

        Raises:
            OSError: it cannot be made.
        """
        self.path = path
        self._file = os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb", _BUFFER_BYTES
        )
        self._lines: dict[Key, tuple[int | None, int]] = {}
        """Key -> (`updated`, number of the line that counts)."""
        self.superseded: list[int] = []
        """Numbers of lines in the file that do not count any more."""
        self._rejects: dict[Key, tuple[Reject, ...]] = {}
        self.keyless: list[Reject] = []
        """Whole records that have no key."""
        self.size_bytes = 0
        self.longest_bytes = 0
        self.records = 0
        """Records taken in."""

    def __len__(self) -> int:
        """How many rows it makes."""
        return len(self._lines)

    def add(self, line: Line | Reject) -> None:
        """Takes a line in.

        Raises:
            OSError: it cannot be kept, and the batch is of no use any more.
        """
        number = self.records
        self.records += 1
        if isinstance(line, Reject):
            self.keyless.append(line)
            return
        known = self._lines.get(line.key)
        if (
            known is not None
            and known[0] is not None
            and line.updated is not None
            and line.updated < known[0]
        ):
            return
        if known is not None:
            self.superseded.append(known[1])
        self._file.write(line.text)
        self._lines[line.key] = (line.updated, number)
        self._rejects.pop(line.key, None)
        if line.rejects:
            self._rejects[line.key] = line.rejects
        length = len(line.text)
        self.size_bytes += length
        self.longest_bytes = max(self.longest_bytes, length)

    def flush(self) -> None:
        """Puts all lines into the file.

        Raises:
            OSError: there is no room for them.
        """
        self._file.flush()

    @property
    def keys(self) -> list[Key]:
        """The keys, in the order of `updated` and `numbers`."""
        return list(self._lines)

    @property
    def updated(self) -> list[int | None]:
        """The seconds of the rows."""
        return [updated for updated, _ in self._lines.values()]

    @property
    def numbers(self) -> list[int]:
        """The numbers of the lines that count."""
        return [number for _, number in self._lines.values()]

    @property
    def rejects(self) -> list[Reject]:
        """The values that did not fit, of lines that count and of records without a key."""
        return [*self.keyless, *(each for some in self._rejects.values() for each in some)]

    def remove(self) -> None:
        """Takes the file away, whatever was to be written into it."""
        with suppress(OSError):  # what could not be written is not wanted any more
            self._file.close()
        self.path.unlink(missing_ok=True)
