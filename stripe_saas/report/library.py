"""The chart library, stored compressed and checked on the way out."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
LIBRARY = ASSETS / "echarts.min.js.gz"
NOTE = ASSETS / "echarts.json"
"""Name, version, licence and digest of what is stored; `make charts` writes both anew."""


def library_note() -> dict[str, str]:
    """What is known of the stored library."""
    note: dict[str, str] = json.loads(NOTE.read_text(encoding="utf-8"))
    return note


def library_script() -> str:
    """The library's code.

    Raises:
        ValueError: what is stored is not what was noted.
    """
    script = gzip.decompress(LIBRARY.read_bytes())
    if hashlib.sha256(script).hexdigest() != library_note()["sha256"]:
        raise ValueError(f"{LIBRARY.name} is not the file that {NOTE.name} describes")
    return script.decode("utf-8")
