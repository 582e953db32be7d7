"""How many objects of what, and how they spread over time -> an account that can be listed.

Everything follows from the options, so the server and the check of a reader's output make the
same account without telling each other.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from benchmarks.ledger_account import Layout
from benchmarks.samples import KINDS, VARIANTS, Template, account_object, templates

LIFE_SECONDS = 3 * 365 * 86_400


@dataclass(frozen=True)
class AccountOptions:
    """What an account is made of."""

    counts: dict[str, int]
    """Collection -> number of objects."""
    until: int
    """The newest object's moment, Unix seconds."""
    growth: float = 1.0
    """How many times denser the account's last days are than its first."""
    revisions: dict[str, int] = field(default_factory=dict)
    """Id -> how often the object has changed since it was listed first."""
    gone: tuple[str, ...] = ()
    """Ids that have been deleted."""
    is_ledger: bool = False
    """True: its objects agree with each other, as in `ledger_account.py`."""

    @property
    def began(self) -> int:
        """When the account was opened, Unix seconds."""
        return self.until - LIFE_SECONDS


class Missing(LookupError):
    """An id that names nothing here."""


@dataclass(frozen=True)
class Query:
    """What a list is asked for."""

    limit: int = 10
    lo: int = 0
    """Oldest `created`, inclusive."""
    hi: int = 1 << 40
    after: str | None = None


class Collection:
    """The objects of one kind, numbered from the oldest on."""

    def __init__(self, path: str, options: AccountOptions) -> None:
        self.kind = KINDS[path]
        self.created = moments(options.counts[path], options)
        self._customers = max(1, options.counts.get("customers", 1))
        self._revisions = {
            self.number(identity): b"%d" % revision
            for identity, revision in options.revisions.items()
            if identity.startswith(self.kind.prefix)
        }
        self._gone = {
            self.number(identity)
            for identity in options.gone
            if identity.startswith(self.kind.prefix)
        }

    def __len__(self) -> int:
        return len(self.created)

    def identity(self, number: int) -> str:
        """The id of an object."""
        return f"{self.kind.prefix}{number:014d}"

    def number(self, identity: str) -> int:
        """Which object an id names.

        Raises:
            Missing: none.
        """
        digits = identity.removeprefix(self.kind.prefix)
        if digits == identity or not digits.isdigit() or int(digits) >= len(self.created):
            raise Missing(identity)
        return int(digits)

    def is_gone(self, number: int) -> bool:
        """True if the object has been deleted."""
        return number in self._gone

    def rows(self, query: Query) -> tuple[list[bytes], bool]:
        """A page, newest first, as a list's reply holds it; and whether there is more.

        Raises:
            Missing: the cursor's object does not exist.
        """
        newest = bisect_right(self.created, query.hi)
        if query.after is not None:
            newest = min(newest, self.number(query.after))
        oldest = bisect_left(self.created, query.lo)
        shapes = templates(self.kind.path, "listed")
        numbers = self._living(range(newest - 1, oldest - 1, -1))
        rows: list[bytes] = []
        for number in numbers:
            if len(rows) == query.limit:
                return rows, True
            rows.append(self._rendered(shapes, number))
        return rows, False

    def _living(self, numbers: range) -> Iterator[int]:
        return (
            (number for number in numbers if number not in self._gone)
            if self._gone
            else iter(numbers)
        )

    def alone(self, number: int) -> bytes:
        """An object as the reply to a request for it alone."""
        return self._rendered(templates(self.kind.path, "alone"), number)

    def decoded(self, number: int) -> dict[str, Any]:
        """An object as a dict."""
        row: dict[str, Any] = orjson.loads(self.compact(number))
        return row

    def compact(self, number: int) -> bytes:
        """An object without white space."""
        return self._rendered(templates(self.kind.path, "compact"), number)

    def _rendered(self, shapes: tuple[Template, ...], number: int) -> bytes:
        values = (
            b"%014d" % number,
            b"%d" % self.created[number],
            b"%014d" % (number % self._customers),
            self._revisions.get(number, b"0"),
        )
        return shapes[number % VARIANTS].render(values)


class LedgerCollection(Collection):
    """A collection whose objects agree with those of the others."""

    def __init__(self, path: str, options: AccountOptions) -> None:
        super().__init__(path, options)
        subscriptions = options.counts["subscriptions"]
        self._layout = Layout(path, subscriptions, options.began, options.until)
        self.created = self._layout.created

    def _rendered(self, shapes: tuple[Template, ...], number: int) -> bytes:
        return self._layout.render(number)


class Account:
    """All collections."""

    def __init__(self, options: AccountOptions) -> None:
        self.options = options
        self.collections: Mapping[str, Collection] = {
            path: (LedgerCollection if options.is_ledger else Collection)(path, options)
            for path in options.counts
        }
        self.description = account_object(options.began)

    def __len__(self) -> int:
        return sum(map(len, self.collections.values()))


def moments(count: int, options: AccountOptions) -> array[int]:
    """When the objects of a collection were created, oldest first.

    With a growth g the density rises from 1 to g, ever faster, as a company's does.
    """
    growth = options.growth
    seconds = array("q")
    for number in range(count):
        share = (number + 0.5) / count
        if growth != 1.0:
            share = math.log(1 + (growth - 1) * share) / math.log(growth)
        seconds.append(options.began + int(share * LIFE_SECONDS))
    return seconds
