"""The phases of the demo -> a line for each with what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from stripe_saas.progress import ProgressLine


class Phase:
    """One stretch of work."""

    def __init__(self, line: ProgressLine) -> None:
        self._line = line
        self.result = ""
        """What came of it; goes on the phase's last line."""

    def update(self, text: str) -> None:
        """Shows how far it is, on a terminal only."""
        self._line.update(text)


@contextmanager
def phase(out: TextIO, name: str) -> Iterator[Phase]:
    """Shows a stretch of work while it lasts, and writes a line at its end, good or bad."""
    began = time.monotonic()
    line = ProgressLine(out, name)
    current = Phase(line)
    try:
        with line:
            yield current
    except BaseException:
        current.result = current.result or "failed"
        raise
    finally:
        seconds = time.monotonic() - began
        out.write(f"{seconds:7.1f} s   {name:<17}  {current.result}".rstrip() + "\n")
        out.flush()
