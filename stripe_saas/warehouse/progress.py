"""How far a sync is -> one line that changes on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from typing import TextIO

_SECONDS_BETWEEN_UPDATES = 0.2
_SECONDS_BETWEEN_LINES = 10.0
_TRUSTED_SHARE = 0.05
"""With less than this share done, a guess at what is left would jump about."""


def in_words(seconds: float) -> str:
    """`0:07`, `12:34`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class SyncProgress:
    """Tells how far a sync is."""

    def __init__(self, out: TextIO, streams: int, expected: int | None = None) -> None:
        """Starts the clock.

        Args:
            out: where it is told.
            streams: how many will be read.
            expected: how many records will come, where it can be known.
        """
        self._out, self._streams, self._expected = out, streams, expected
        self._is_terminal = out.isatty()
        self._began = self._told = time.monotonic()
        self._records: Counter[str] = Counter()
        self._ended = 0

    @property
    def records(self) -> int:
        """Records that have come."""
        return sum(self._records.values())

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def record(self, stream: str) -> None:
        """Counts one; tells if it is time to."""
        self._records[stream] += 1
        if self._records[stream] % 50 == 0:  # looking at the clock each time would cost as much
            self._tell()

    def stream_ended(self, stream: str, problem: str | None) -> None:
        """Tells that a stream was read, or why not."""
        self._ended += 1
        count = f"{self._records[stream]:,} records"
        self.line(f"  {stream:<30}{count:>18}" + (f"  incomplete: {problem}" if problem else ""))
        self._tell()

    def line(self, text: str) -> None:
        """Writes a line that stays."""
        self._clear()
        self._out.write(text + "\n")
        self._out.flush()

    def end(self) -> None:
        """Takes the changing line away."""
        self._clear()
        self._out.flush()

    def _tell(self) -> None:
        now = time.monotonic()
        pause = _SECONDS_BETWEEN_UPDATES if self._is_terminal else _SECONDS_BETWEEN_LINES
        if now - self._told < pause:
            return
        self._told = now
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            self._out.write("\r" + self.summary()[:width].ljust(width))
            self._out.flush()
        else:
            self.line(self.summary())

    def summary(self) -> str:
        """How far it is, in one line."""
        seconds, records = self.seconds, self.records
        rate = f"{records / seconds:,.0f}/s" if seconds > 1 else ""
        parts = [
            f"{in_words(seconds)}",
            f"{self._ended} of {self._streams} streams",
            f"{records:,} records",
            rate,
            self._left(seconds, records),
        ]
        return "  ".join(part for part in parts if part)

    def _left(self, seconds: float, records: int) -> str:
        if not self._expected or not self._expected * _TRUSTED_SHARE < records < self._expected:
            return ""
        return f"about {in_words(seconds * (self._expected - records) / records)} left"

    def _clear(self) -> None:
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            self._out.write("\r" + " " * width + "\r")
