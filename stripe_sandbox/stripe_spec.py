"""The shipped extracts of Stripe's specification and of its sample objects, read once.

Both files are written by `tools/stripe_spec.py`; their licence is `data/LICENSE-stripe.txt`.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson


@lru_cache(maxsize=1)
def load() -> dict[str, Any]:
    """The extract, in the form that `tools.stripe_spec.extract` gives it.

    Callers must not change it; it is shared.
    """
    return _read("stripe_spec.json.gz")


@lru_cache(maxsize=1)
def load_samples() -> dict[str, Any]:
    """Object name -> Stripe's published sample as published; shared, not to be changed."""
    return _read("samples.json.gz")


def _read(name: str) -> dict[str, Any]:
    packed = files("stripe_sandbox").joinpath("data").joinpath(name).read_bytes()
    content: dict[str, Any] = orjson.loads(gzip.decompress(packed))
    return content
