"""The one place where the simulation touches the account: store, clock, events, ledger."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.company.ids import Ids
from stripe_sandbox.company.journal import Journal
from stripe_sandbox.company.ledger import Ledger
from stripe_sandbox.company.options import CompanyOptions
from stripe_sandbox.company.queue import Queue
from stripe_sandbox.store import Store, StripeObject


class World:
    """What every part of the company shares."""

    def __init__(self, options: CompanyOptions, store: Store, journal: Journal) -> None:
        """Nothing has happened yet."""
        self.options = options
        self.store = store
        self.journal = journal
        self.queue = Queue()
        self.ledger = Ledger()
        self.ids = Ids(options.seed, "company")

    @property
    def now(self) -> int:
        """The account's clock, seconds."""
        return self.store.now

    def create(
        self,
        obj: StripeObject,
        *kinds: str,
        parent: str | None = None,
        hidden: bool = False,
    ) -> StripeObject:
        """Stores a new object and records events about it."""
        self.store.put(obj, parent=parent, hidden=hidden)
        for kind in kinds:
            self.journal.record(kind, obj)
        return obj

    def get(self, name: str, identity: str) -> StripeObject:
        """An object that must be there.

        Raises:
            KeyError: it is not.
        """
        return self.store.rows[name][identity].content

    def change(
        self, name: str, identity: str, changes: dict[str, Any], *kinds: str
    ) -> StripeObject:
        """Replaces an object by a changed copy and records events about the change."""
        row = self.store.rows[name][identity]
        old = row.content
        new = {**old, **changes}
        before = self.journal.picture(old) if kinds else None
        self.store.put(new, hidden=row.hidden)
        for kind in kinds:
            self.journal.record(kind, new, before)
        return new

    def remove(self, name: str, identity: str, *kinds: str) -> StripeObject:
        """Deletes an object, recording its last content."""
        content = self.get(name, identity)
        for kind in kinds:
            self.journal.record(kind, content)
        return self.store.remove(name, identity)
