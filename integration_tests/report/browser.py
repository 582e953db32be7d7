"""A file -> a page in the machine's own Chromium, and what the browser complained of."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
# It asks for nothing from outside, and this machine may have no sandbox to put it into.
_SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Shown:
    """A page, and what happened while it was shown."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """Errors in the console, exceptions, and requests for anything but the file."""

    def minor(self, selector: str) -> Any:
        """The amount in minor units behind what an element shows."""
        return int(self.page.get_attribute(selector, "data-minor"))

    def share(self, selector: str) -> float:
        """The share behind what an element shows."""
        return float(self.page.get_attribute(selector, "data-minor"))

    def text(self, selector: str) -> str:
        """What an element shows."""
        return self.page.inner_text(selector)

    def choose_range(self, months: int) -> None:
        """Clicks on a range; 0 is all of it."""
        self.page.click(f'#range button[data-choice="{months}"]')

    def choose_currency(self, identity: str) -> None:
        """Chooses a currency."""
        self.page.select_option("#currency", identity)


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser that runs."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    assert path, "the report's tests need a browser (Debian: apt-get install chromium)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_SWITCHES))
        try:
            yield browser
        finally:
            browser.close()


def shown(browser: Any, path: Path, viewport: Any = DESK, scheme: Any = "light") -> Shown:
    """Opens a file and waits until it is drawn."""
    page = browser.new_page(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    found = Shown(page)
    address = path.absolute().as_uri()
    page.on(
        "console",
        lambda said: found.complaints.append(said.text) if said.type == "error" else None,
    )
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on(
        "request",
        lambda asked: found.complaints.append(asked.url) if asked.url != address else None,
    )
    page.goto(address)
    page.wait_for_selector("#chart-mrr svg path", state="attached")
    return found
