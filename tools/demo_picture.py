"""The demo's output on standard input; a picture of it, with most streams left out, in a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

FILE = Path(__file__).parents[1] / "docs" / "demo.svg"
STREAMS_SHOWN = 14

_LINE_PIXELS = 18
_CHARACTER_PIXELS = 7.85
_MARGIN_PIXELS = 20
_COLOURS = {"plain": "#d7dce2", "dim": "#8b95a3", "good": "#7fd88f", "bad": "#ff8a80"}


def shortened(lines: Sequence[str]) -> list[str]:
    """The output with the first streams only, and how many more there are.

    Raises:
        ValueError: there is no table in it.
    """
    rules = [number for number, line in enumerate(lines) if line.startswith("----")]
    if len(rules) != 2:
        raise ValueError("this is not the demo's output")
    first, last = rules
    rows = lines[first + 1 : last]
    left_out = len(rows) - STREAMS_SHOWN
    shown = list(rows[:STREAMS_SHOWN])
    if left_out > 0:
        shown.append(f"… {left_out} more streams")
    verdict = [
        line for line in lines[last + 2 :] if line.startswith(("Full", "7 days", "All", "MIS"))
    ]
    return [*lines[: first + 1], *shown, *lines[last : last + 2], "", *verdict]


def picture(lines: Sequence[str]) -> str:
    """The lines as an SVG that looks like a terminal."""
    width = round(max(map(len, lines)) * _CHARACTER_PIXELS + 2 * _MARGIN_PIXELS)
    height = len(lines) * _LINE_PIXELS + 2 * _MARGIN_PIXELS
    texts = [
        f'<text x="{_MARGIN_PIXELS}" y="{_MARGIN_PIXELS + (number + 0.75) * _LINE_PIXELS:g}" '
        f'fill="{_COLOURS[_kind(line)]}">{escape(line)}</text>'
        for number, line in enumerate(lines)
        if line
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}">',
            f'<rect width="{width}" height="{height}" rx="8" fill="#1d2229"/>',
            '<g xml:space="preserve" style="white-space:pre" font-size="13" '
            'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace">',
            *texts,
            "</g>",
            "</svg>",
            "",
        ]
    )


def _kind(line: str) -> str:
    if line.startswith("MISMATCH") or line.endswith("  NO"):
        return "bad"
    if line.startswith("All "):
        return "good"
    return "dim" if line.startswith(("---", "…", " ")) else "plain"


def main() -> None:
    """Writes the picture."""
    parser = argparse.ArgumentParser(description="Draw the demo's output.")
    parser.add_argument("--out", type=Path, default=FILE)
    out = parser.parse_args().out
    try:
        lines = shortened(sys.stdin.read().splitlines())
    except ValueError as error:
        sys.exit(str(error))
    out.write_text(picture(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
