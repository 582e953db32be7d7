"""A report's file -> the pictures of it in `docs/`, in light, in dark and on a phone."""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
_SWITCHES = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")

_SCROLL = "name => scrollTo(0, document.querySelector(name).getBoundingClientRect().top - 170)"


@dataclass(frozen=True)
class Picture:
    """One view of the report."""

    name: str
    width: int
    height: int
    scheme: Any
    top: str = "h1"
    """What stands at the upper edge."""
    pixels: int = 1
    """Of the screen, for one of the page."""


PICTURES = (
    Picture("report-light", 1240, 1060, "light"),
    Picture("report-dark", 1240, 1010, "dark", top="#chart-cohorts"),
    Picture("report-phone", 390, 1040, "light"),
)


def take(report: Path, folder: Path) -> list[Path]:
    """Writes the pictures into a folder."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("make screenshots needs a browser (Debian: apt-get install chromium)")
    written = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_SWITCHES))
        for each in PICTURES:
            page = browser.new_page(
                viewport={"width": each.width, "height": each.height},
                color_scheme=each.scheme,
                device_scale_factor=each.pixels,
                reduced_motion="reduce",
            )
            page.goto(report.absolute().as_uri())
            page.wait_for_selector("#chart-mrr svg path", state="attached")
            page.evaluate(_SCROLL, each.top)
            page.wait_for_timeout(300)
            written.append(folder / f"{each.name}.png")
            page.screenshot(path=str(written[-1]))
        browser.close()
    return written


def main() -> None:
    """Takes the pictures of the report that the demo left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path, nargs="?", default=Path(".demo/report.html"))
    arguments = parser.parse_args()
    if not arguments.report.exists():
        sys.exit(f"there is no {arguments.report}: run make demo first")
    for path in take(arguments.report, DOCS):
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
