"""The hash chain: each row's hash holds the hash of the row before, each close's the close before.

The text that is hashed is the same on every kind of warehouse: the hash before, a line feed, and a
JSON array of the table's name and the row's values in the order of its columns. Moments and days
are ISO 8601; nothing is rounded, and there are no floating-point numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

GENESIS = "0" * 64
"""What stands for the hash before the first close."""


def link(previous: str, table: str, values: Sequence[Any]) -> str:
    """The hash of a row: 64 hex digits of SHA-256.

    Args:
        previous: the hash before it in the chain.
        table: the name of its table.
        values: text, whole numbers, booleans, days, moments or null, in the columns' order.
    """
    content = [table, *map(_plain, values)]
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot be part of the chain")
