"""A report's data in, the whole HTML page out."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any

from stripe_saas.report.library import ASSETS, library_script

SCRIPTS = (
    "html.js",
    "format.js",
    "chosen.js",
    "drawing.js",
    "mrr_charts.js",
    "customer_charts.js",
    "payment_charts.js",
    "tables.js",
    "main.js",
)
"""In this order they make up the page's script."""

STYLES = ("theme.css", "layout.css", "parts.css", "screens.css")


def page_of(data: Mapping[str, Any]) -> str:
    """The page; it asks for nothing from outside.

    Args:
        data: what `data.py` makes.
    """
    parts = {
        "title": html.escape(f"{data['account']}: recurring revenue"),
        "css": "\n".join(_asset(name) for name in STYLES),
        "data": _json_inside_script(data),
        "library": _code_inside_script(library_script()),
        "script": _code_inside_script(page_script()),
    }
    page = _asset("page.html")
    # Piece by piece: what is put in may hold the same words.
    pieces = []
    for name in ("title", "css", "data", "library", "script"):
        before, _, page = page.partition(f"{{{{{name}}}}}")
        pieces += [before, parts[name]]
    return "".join([*pieces, page])


def page_script() -> str:
    """The page's script: its files one after the other, as they share their names."""
    return "\n".join(_asset(name) for name in SCRIPTS)


def _asset(name: str) -> str:
    return (ASSETS / "page" / name).read_text(encoding="utf-8")


def _json_inside_script(data: Mapping[str, Any]) -> str:
    """JSON in which no browser finds the end, or a beginning, of a script."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _code_inside_script(text: str) -> str:
    """Code that no browser takes for the end of the script that it is in."""
    return text.replace("</script", "<\\/script")
