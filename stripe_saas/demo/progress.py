"""What is going on -> one line that changes on a terminal, a plain line per phase elsewhere."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class Phase:
    """One stretch of work, told about as it goes."""

    def __init__(self, out: TextIO, name: str) -> None:
        self._out, self._name = out, name
        self._is_terminal = out.isatty()
        self._began = time.monotonic()
        self.result = ""
        """What came of it; goes on the phase's last line."""

    def update(self, text: str) -> None:
        """Says how far it is; on a terminal only."""
        if self._is_terminal:
            self._rewrite(f"{self._head('…')}  {text}")

    def end(self) -> None:
        """Writes the phase's last line."""
        line = f"{self._head(' ')}  {self.result}".rstrip()
        if self._is_terminal:
            self._rewrite("")
        self._out.write(line + "\n")
        self._out.flush()

    def _head(self, mark: str) -> str:
        return f"{time.monotonic() - self._began:7.1f} s {mark} {self._name:<17}"

    def _rewrite(self, line: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        self._out.write("\r" + line[:width].ljust(width) + ("" if line else "\r"))
        self._out.flush()


@contextmanager
def phase(out: TextIO, name: str) -> Iterator[Phase]:
    """Tells about a stretch of work from its beginning to its end, good or bad."""
    current = Phase(out, name)
    current.update("")
    try:
        yield current
    except BaseException:
        current.result = current.result or "failed"
        raise
    finally:
        current.end()
