"""How far a task is -> a line that changes on a terminal, drawn by rich; plain lines elsewhere."""

from __future__ import annotations

import math
import time
from types import TracebackType
from typing import Any, TextIO


def in_words(seconds: float) -> str:
    """`0:07`, `12:34`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class ProgressLine:
    """The line of one task; shown inside a `with` statement, gone after it."""

    def __init__(
        self,
        out: TextIO,
        name: str = "",
        total: float | None = None,
        *,
        plain_every_seconds: float = math.inf,
    ) -> None:
        """Shows nothing yet.

        Args:
            out: where the line goes.
            name: of the task.
            total: what `done` will be at the end, where it is known; adds a bar and the time left.
            plain_every_seconds: how often a line is written where `out` is not a terminal; by
                default never.
        """
        self._out, self._name = out, name
        self._every = plain_every_seconds
        self._began = self._written_at = time.monotonic()
        self._live: Any = _live(out, total) if out.isatty() else None
        if self._live is not None:
            self._task = self._live.add_task(name, total=total, text="")

    def __enter__(self) -> ProgressLine:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self, text: str = "", done: float | None = None) -> None:
        """Shows how far the task is.

        Args:
            text: in words.
            done: of the total.
        """
        if self._live is not None:
            self._live.update(self._task, text=text, completed=done)
            return
        now = time.monotonic()
        if now - self._written_at >= self._every:
            self._written_at = now
            self.write("  ".join(filter(None, (in_words(now - self._began), self._name, text))))

    def write(self, line: str) -> None:
        """Writes a line that stays."""
        if self._live is not None:
            self._live.console.print(line, soft_wrap=True)
        else:
            self._out.write(f"{line}\n")
            self._out.flush()


def _live(out: TextIO, total: float | None) -> Any:
    """Rich's display; loaded only where there is a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns: list[ProgressColumn] = [
        SpinnerColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.fields[text]}", markup=False),
    ]
    if total is not None:
        columns += [BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
    # Left to itself, rich takes FORCE_COLOR in the environment for a terminal.
    console = Console(file=out, force_terminal=True, markup=False, emoji=False, highlight=False)
    return Progress(*columns, console=console, transient=True)
