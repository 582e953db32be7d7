"""Objects that a stream could not have in a sync, while it had all others.

A refusal of one object is not a refusal of its list: the object is skipped and named, the state
remembers it, and the next sync asks for it again. An object whose content cannot be read is named
too; it is not asked for again, since the same would come.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from source_stripe_saas.api.refusal import (
    KeyRefused,
    NotFound,
    PermissionRefused,
    Refusal,
    StripeError,
    UnexpectedContent,
    Unreachable,
)

Kind = Literal["objects", "parents", "filters"]
"""How an object is asked for again: by its id; as a parent, for its children; as a filter."""

KINDS: tuple[Kind, ...] = ("objects", "parents", "filters")

MOST_REMEMBERED = 500
"""Objects that a stream's state remembers; what comes beyond is counted."""

MOST_NAMED = 10
"""Objects that one message names."""

_MOST_UNREACHABLE = 3
"""So many objects without an answer are the objects' fault; with more it is the server's."""

_MOST_WITHOUT_SUCCESS = 100
"""So many refusals of single objects, and nothing else, are a refusal of all of them."""


@dataclass(frozen=True)
class RetryKey:
    """What a later sync needs to ask for an object again."""

    kind: Kind
    id: str
    fields: tuple[tuple[str, str], ...] = ()
    """What else is needed: fields that its path names, such as the customer of a card."""

    def as_json(self) -> Any:
        """The id alone, or an object where the path needs more."""
        return {"id": self.id, **dict(self.fields)} if self.fields else self.id


@dataclass(frozen=True)
class SkippedObject:
    """One object that was skipped, in the place of its records."""

    id: str
    """What people find it by."""
    reason: str
    """What Stripe said, or what is odd about it; free of keys."""
    is_refused: bool = True
    """False: it came, and its content cannot be read."""
    is_transient: bool = False
    """True if no answer came, rather than a no."""
    request_id: str | None = None
    retry: RetryKey | None = None


def odd(identity: str, reason: str) -> SkippedObject:
    """An object whose content cannot be read."""
    return SkippedObject(identity, reason, is_refused=False)


@dataclass
class SkipRules:
    """Tells one object's failure from a failure of all; one for all tasks of a stream in a sync."""

    _refused: int = 0
    _unreachable: int = 0
    _has_succeeded: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def succeeded(self) -> None:
        """Takes note that an object was had."""
        self._has_succeeded = True

    def skipped(self, error: StripeError, identity: str, retry: RetryKey | None) -> SkippedObject:
        """The object, as skipped.

        Args:
            error: what asking for it, or for what belongs to it, ended with.
            identity: its id.
            retry: how it is asked for again.

        Raises:
            StripeError: the same error, where it does not concern a single object.
        """
        if isinstance(error, UnexpectedContent):
            return odd(error.identity or identity, error.message)
        if not self._is_of_one_object(error):
            raise error
        return SkippedObject(
            identity,
            error.message,
            is_transient=isinstance(error, Unreachable),
            request_id=getattr(error, "request_id", None),
            retry=retry,
        )

    def _is_of_one_object(self, error: StripeError) -> bool:
        if isinstance(error, KeyRefused) or not getattr(error, "is_stripes", True):
            return False
        if isinstance(error, PermissionRefused):
            # One that names a permission is about the key, whatever object was asked for.
            return error.permission is None
        with self._lock:
            if isinstance(error, Unreachable):
                self._unreachable += 1
                return error.status is not None and self._unreachable <= _MOST_UNREACHABLE
            if not isinstance(error, Refusal | NotFound):
                return False
            self._refused += 1
            return self._has_succeeded or self._refused <= _MOST_WITHOUT_SUCCESS


@dataclass(frozen=True)
class Retries:
    """What a state remembers of skipped objects."""

    keys: tuple[RetryKey, ...] = ()
    more: int = 0
    """How many were skipped beyond those that are remembered."""

    def of(self, kind: Kind) -> Iterator[RetryKey]:
        """Those of one kind."""
        return (key for key in self.keys if key.kind == kind)

    def __bool__(self) -> bool:
        return bool(self.keys or self.more)

    def blob(self) -> dict[str, Any]:
        """Kind -> ids; see `RetryKey.as_json`."""
        blob: dict[str, Any] = {}
        for kind in KINDS:
            found = [key.as_json() for key in self.of(kind)]
            if found:
                blob[kind] = found
        if self.more:
            blob["more"] = self.more
        return blob


def read_retries(blob: Any) -> Retries:
    """What `Retries.blob` gave.

    Raises:
        ValueError: it is nothing of the kind.
    """
    if blob is None:
        return Retries()
    if not isinstance(blob, Mapping):
        raise ValueError("not a record of skipped objects")
    keys: list[RetryKey] = []
    for kind in KINDS:
        entries = blob.get(kind, [])
        if not isinstance(entries, list):
            raise ValueError(f"`{kind}` is not a list")
        keys += [_key(kind, entry) for entry in entries]
    more = blob.get("more", 0)
    if not isinstance(more, int) or isinstance(more, bool) or more < 0:
        raise ValueError("`more` is not a number")
    return Retries(tuple(dict.fromkeys(keys)), more)


def _key(kind: Kind, entry: Any) -> RetryKey:
    found = {"id": entry} if isinstance(entry, str) else entry
    if not isinstance(found, Mapping) or not isinstance(found.get("id"), str):
        raise ValueError(f"`{kind}` holds {entry!r}")
    if not all(isinstance(value, str) for value in found.values()):
        raise ValueError(f"`{kind}` holds {entry!r}")
    fields = tuple((name, value) for name, value in found.items() if name != "id")
    return RetryKey(kind, found["id"], fields)


@dataclass
class SkipLog:
    """What one stream has skipped in one sync; only the main thread writes to it."""

    refused: list[SkippedObject] = field(default_factory=list)
    """The first of those that Stripe did not show, each once."""
    odd: list[SkippedObject] = field(default_factory=list)
    """The first of those whose content cannot be read, each once."""
    ids: dict[str, bool] = field(default_factory=dict)
    """Object -> whether it was refused."""
    keys: dict[RetryKey, None] = field(default_factory=dict)
    """What is to be asked for again."""
    more: int = 0
    """Objects that are to be asked for again, and that the state has no room for."""

    def add(self, skipped: Iterable[SkippedObject]) -> None:
        """Takes note of objects."""
        for one in skipped:
            if one.id not in self.ids:
                self.ids[one.id] = one.is_refused
                named = self.refused if one.is_refused else self.odd
                if len(named) < MOST_NAMED:
                    named.append(one)
            if one.retry is not None:
                self.remember((one.retry,))

    def remember(self, keys: Iterable[RetryKey]) -> None:
        """Takes objects that are to be asked for again; those beyond what a state holds count."""
        for key in keys:
            if key in self.keys:
                continue
            if len(self.keys) < MOST_REMEMBERED:
                self.keys[key] = None
            else:
                self.more += 1

    def count(self, *, is_refused: bool) -> int:
        """How many objects of a kind there are, named or not."""
        return sum(refused == is_refused for refused in self.ids.values())

    def __bool__(self) -> bool:
        return bool(self.ids or self.keys or self.more)

    def retries(self) -> Retries:
        """What the next state remembers."""
        return Retries(tuple(self.keys), self.more)
