"""Objects in any order -> one subscription's objects after the other; kept on disk.

An account's invoices do not fit into memory, and those of one subscription lie far apart in
Stripe's lists. So they are put into a temporary database as they come, stripped of what no rule
reads, under a number made of the subscription's id; taken out in the order of that number, a
subscription's objects come together.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from source_stripe_saas.ledger.codec import decoded

_TABLES = ("subscription", "invoice", "invoice_item", "event")
_IN_ONE_TURN = 100
"""Subscriptions whose objects are held in memory at a time; more cost the collector of garbage."""


def key_of(subscription_id: str) -> int:
    """64 bits of a subscription's id, as a number that SQLite can hold."""
    digest = hashlib.blake2b(subscription_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


@dataclass
class SubscriptionObjects:
    """All that was read about one subscription."""

    subscription_id: str
    subscription: dict[str, Any] | None = None
    invoices: list[dict[str, Any]] = field(default_factory=list)
    invoice_items: list[dict[str, Any]] = field(default_factory=list)
    """Invoice items."""
    events: list[dict[str, Any]] = field(default_factory=list)
    """Its own, and those of its customer's discount."""


class Store:
    """A temporary database; any thread may put something in."""

    def __init__(self, folder: Path) -> None:
        """Makes the tables.

        Args:
            folder: where its file lies; the caller removes it.
        """
        self.path = folder / "facts.sqlite"
        self._lock = threading.Lock()
        self._writer = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        # After a crash the file is never opened again.
        # Objects of one to four kB waste less of larger pages.
        self._writer.execute("PRAGMA page_size = 16384")
        self._writer.execute("PRAGMA journal_mode = OFF")
        self._writer.execute("PRAGMA synchronous = OFF")
        self._writer.execute(
            "CREATE TABLE subscription (key INTEGER, id TEXT, customer TEXT, body BLOB)"
        )
        for name in _TABLES[1:]:
            self._writer.execute(f"CREATE TABLE {name} (key INTEGER, id TEXT, body BLOB)")
        self._writer.execute("CREATE TABLE customer_event (customer TEXT, id TEXT, body BLOB)")

    def put(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Adds rows in the order of the table's columns."""
        rows = list(rows)
        if not rows:
            return
        places = ", ".join("?" * len(rows[0]))
        with self._lock:
            self._writer.execute("BEGIN")
            self._writer.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
            self._writer.execute("COMMIT")

    def close_for_writing(self) -> None:
        """Builds the indexes, when everything is in."""
        with self._lock:
            for name in _TABLES:
                self._writer.execute(f"CREATE INDEX IF NOT EXISTS {name}_key ON {name} (key)")
            self._writer.execute(
                "CREATE INDEX IF NOT EXISTS of_customer ON customer_event (customer)"
            )
            self._writer.execute(
                "CREATE INDEX IF NOT EXISTS by_customer ON subscription (customer)"
            )

    def keys(self, after: int | None = None) -> list[int]:
        """The keys of all subscriptions that have an object or an event, ascending.

        Args:
            after: leaves out those up to and including this one.
        """
        least = "" if after is None else f" WHERE key > {after:d}"
        union = " UNION ".join(
            f"SELECT key FROM {name}{least}" for name in ("subscription", "event")
        )
        with closing(self._connection()) as connection:
            return [key for (key,) in connection.execute(f"{union} ORDER BY key")]

    def objects(self, keys: list[int]) -> Iterator[SubscriptionObjects]:
        """The objects of some subscriptions, in the order given.

        Args:
            keys: ascending.
        """
        with closing(self._connection()) as connection:
            for first in range(0, len(keys), _IN_ONE_TURN):
                yield from self._turn(connection, keys[first : first + _IN_ONE_TURN])

    def _turn(
        self, connection: sqlite3.Connection, keys: list[int]
    ) -> Iterator[SubscriptionObjects]:
        found: dict[int, dict[str, SubscriptionObjects]] = {key: {} for key in keys}
        customers: dict[str, list[SubscriptionObjects]] = {}

        def rows(table: str, columns: str) -> Iterator[tuple[Any, ...]]:
            query = f"SELECT key, {columns} FROM {table} WHERE key BETWEEN ? AND ?"
            for row in connection.execute(query, (keys[0], keys[-1])):
                if row[0] in found:
                    yield row

        def of(key: int, identity: str) -> SubscriptionObjects:
            theirs = found[key]
            one = theirs.get(identity)
            if one is None:
                one = theirs[identity] = SubscriptionObjects(identity)
            return one

        for key, identity, customer, body in rows("subscription", "id, customer, body"):
            one = of(key, identity)
            one.subscription = decoded(body)
            if customer:
                customers.setdefault(customer, []).append(one)
        for key, identity, body in rows("invoice", "id, body"):
            of(key, identity).invoices.append(decoded(body))
        for key, identity, body in rows("invoice_item", "id, body"):
            of(key, identity).invoice_items.append(decoded(body))
        for key, identity, body in rows("event", "id, body"):
            event = decoded(body)
            one = of(key, identity)
            one.events.append(event)
            customer = event["data"]["object"].get("customer")
            if one.subscription is None and isinstance(customer, str):
                known = customers.setdefault(customer, [])
                if one not in known:
                    known.append(one)
        for customer, theirs in customers.items():
            query = "SELECT body FROM customer_event WHERE customer = ?"
            for (body,) in connection.execute(query, (customer,)):
                for one in theirs:
                    one.events.append(decoded(body))
        for key in keys:
            for one in found[key].values():
                # Lists run newest first, and so do the rules' events.
                one.events.sort(key=lambda event: -event["created"])
                yield one

    def _connection(self) -> sqlite3.Connection:
        # A failure may leave it to be closed by whichever thread collects what is left.
        return sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, check_same_thread=False)

    def close(self) -> None:
        """Ends its own connection."""
        self._writer.close()
