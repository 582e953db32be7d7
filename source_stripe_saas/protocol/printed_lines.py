"""What the CDK prints -> the one writer of the output.

It prints a CONTROL message on its own, from whichever thread has renewed an access token.
"""

from __future__ import annotations

import io
import threading

from source_stripe_saas.protocol.line_writer import LineWriter


class PrintedLines(io.TextIOBase):
    """In the place of `sys.stdout`: passes whole lines on, at once."""

    def __init__(self, lines: LineWriter) -> None:
        self._lines = lines
        self._rest = ""
        self._lock = threading.Lock()

    def write(self, text: str, /) -> int:
        """Writes what ends in a line feed, keeps the rest.

        Raises:
            OutputBroken: standard output accepts no more.
        """
        with self._lock:
            whole, feed, self._rest = (self._rest + text).rpartition("\n")
            if feed:
                self._lines.write(f"{whole}\n".encode())
        return len(text)
