"""Seeded streams of randomness and of ids in Stripe's look, one of each per customer."""

from __future__ import annotations

from base64 import b64encode
from hashlib import blake2b
from random import Random

from stripe_sandbox.company.options import ID_SUFFIX


class Ids:
    """Ids of one owner, drawn from a stream of their own."""

    def __init__(self, seed: int, owner: str) -> None:
        """Starts the stream of an owner ("customer/12", "catalog")."""
        self._random = Random(f"{seed}/{owner}/ids")

    def text(self, length: int) -> str:
        """So many letters and digits."""
        return b64encode(self._random.randbytes(length * 3 // 4 + 1), b"Qz").decode()[:length]

    def new(self, prefix: str) -> str:
        """A long id, as most objects have: `in_1Qx2y3B7kLmWp9ZxabcdEFGH`."""
        text = self.text(13)
        return f"{prefix}_1{text[:5]}{ID_SUFFIX}{text[5:]}"

    def short(self, prefix: str) -> str:
        """A short id, as customers, products and items have: `cus_QXg1o8vcGmoR32`."""
        return f"{prefix}_{self.text(14)}"


def random_stream(seed: int, owner: str) -> Random:
    """The decisions of one owner, apart from everybody else's."""
    return Random(f"{seed}/{owner}")


def digest(prefix: str, *parts: object) -> str:
    """An id that follows from what it names, so that nothing else can shift it."""
    text = "|".join(map(str, parts)).encode()
    tail = b64encode(blake2b(text, digest_size=12).digest(), b"Qz").decode()
    return f"{prefix}_1{tail[:5]}{ID_SUFFIX}{tail[5:13]}"
