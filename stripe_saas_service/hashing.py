"""What is shown once -> what the store may hold of it."""

from __future__ import annotations

import hashlib
import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_BYTES = 32


def new_token(prefix: str = "") -> str:
    """256 bits that nobody guesses, for addresses and headers."""
    return prefix + secrets.token_urlsafe(_BYTES)


def token_hash(token: str) -> str:
    """SHA-256: enough for what holds 256 random bits, and found by an index."""
    return hashlib.sha256(token.encode()).hexdigest()


class Passwords:
    """Hashes passwords by argon2id."""

    def __init__(self, memory_kib: int) -> None:
        """Takes what a hash costs.

        Args:
            memory_kib: the memory of one hash, which an attacker has to pay for as well.
        """
        self._hasher = PasswordHasher(memory_cost=memory_kib, time_cost=3, parallelism=1)
        self._of_nobody = lru_cache(maxsize=1)(lambda: self._hasher.hash(secrets.token_hex()))

    def hash(self, password: str) -> str:
        """The hash of a password, with its salt and costs."""
        return self._hasher.hash(password)

    def is_right(self, password: str, password_hash: str | None) -> bool:
        """Whether a password is the one of a hash; takes as long for nobody's (None)."""
        try:
            self._hasher.verify(password_hash or self._of_nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether a hash was made with other costs than today's."""
        return self._hasher.check_needs_rehash(password_hash)
