"""A text and a key -> the text that stands for it: HMAC-SHA256, in hexadecimal."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import lru_cache

_REMEMBERED = 50_000
"""Texts; a company's customers, so that each address is hashed about once a sync."""


def normal_email(text: str) -> str:
    """An e-mail address in the form that is hashed: without blanks around it, in lower case."""
    return text.strip().lower()


def hasher(key: str) -> Callable[[str], str]:
    """A function from a text to 64 hexadecimal digits, the same for the same text and key.

    An empty text stays empty: it says nothing of anyone.
    """
    secret = key.encode("utf-8", "surrogatepass")

    @lru_cache(maxsize=_REMEMBERED)
    def hashed(text: str) -> str:
        if not text:
            return text
        # JSON allows half a surrogate pair, UTF-8 does not.
        content = text.encode("utf-8", "surrogatepass")
        return hmac.digest(secret, content, "sha256").hex()

    return hashed
