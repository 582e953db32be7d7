"""A filled warehouse in; the ledger's MRR by client, and what it can be worked out from again out.

The ledger is what counts as ours. The evidence is the same that the connector had, as far as the
warehouse keeps it: without the stream `events` everything is rebuilt from invoices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from source_stripe_saas.ledger.events import EVENT_TYPES, owner_of
from source_stripe_saas.ledger.sync_choice import HORIZON_SECONDS
from source_stripe_saas.mrr import Catalog, InputError, facts_of
from source_stripe_saas.mrr.moment import iso
from stripe_saas.compare.counted import Evidence
from stripe_saas.compare.raw_objects import Raw, RawObjects
from stripe_saas.compare.rules import CompareError
from stripe_saas.compare.shares import Key
from stripe_saas.compare.taxes import TaxRates
from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.places import RAW_SCHEMA, SYNC_STREAMS_TABLE, SYNCS_TABLE

LEDGER = "subscription_events"
NEEDED = (LEDGER, "subscriptions", "invoices", "prices", "customers")
_UPPER_LAG_SECONDS = 60
_CLIENTS_AT_ONCE = 400


class Warehouse:
    """What a comparison asks a warehouse."""

    def __init__(self, database: Database, ends_at: int) -> None:
        """Looks whether all that is needed is there.

        Args:
            database: the warehouse.
            ends_at: the month's end, Unix seconds.

        Raises:
            CompareError: a stream is missing, or was not read past the month's end.
        """
        self._database, self._objects = database, RawObjects(database)
        missing = [name for name in NEEDED if not self._objects.has(name)]
        if missing:
            raise CompareError(f"the warehouse lacks {', '.join(missing)}: sync them first.")
        self._ends_at = ends_at
        self._until = iso(self._ends_at)
        self._now, self._horizon = self._times()
        if self._now < self._ends_at:
            raise CompareError(
                f"{LEDGER} was last read to its end at {iso(self._now)}, before the month's end: "
                "run stripe-saas sync."
            )
        self.fingerprints = {
            str(row[0])
            for row in database.select(
                f"select distinct options_fingerprint from {RAW_SCHEMA}.{LEDGER}"
            )
        }
        """Names of the options that the ledger was made with."""

    def _times(self) -> tuple[int, int | None]:
        """Up to when the ledger reaches, and from when on events are known (M37)."""
        if not self._database.has_table(RAW_SCHEMA, SYNC_STREAMS_TABLE):
            raise CompareError("there is no log of syncs: run stripe-saas sync.")
        [(last,)] = self._database.select(
            f"select max(synced_at) from {RAW_SCHEMA}.{SYNC_STREAMS_TABLE} where stream = ?",
            (LEDGER,),
        )
        if last is None:
            raise CompareError(f"{LEDGER} was never read to its end: run stripe-saas sync.")
        now = int(last) - _UPPER_LAG_SECONDS
        if not self._objects.has("events"):
            return now, None
        [(first,)] = self._database.select(f"select min(created) from {RAW_SCHEMA}.events")
        [(begun,)] = self._database.select(
            f"select min(started_at) from {RAW_SCHEMA}.{SYNCS_TABLE}"
        )
        if first is None:
            return now, None
        return now, max(int(first), int(begun) - HORIZON_SECONDS)

    @property
    def has_events(self) -> bool:
        """Whether the stream `events` helps to know the past."""
        return self._horizon is not None

    def ours(self) -> dict[Key, int]:
        """The ledger's MRR at the month's end, by client and currency; 0 where there was some."""
        rows = self._database.select(
            f"select customer_id, currency, sum(mrr_delta) from {RAW_SCHEMA}.{LEDGER} "
            "where occurred_at < ? group by customer_id, currency",
            (self._until,),
        )
        return {(str(client), str(currency)): int(minor) for client, currency, minor in rows}

    def evidence(self, clients: Collection[str]) -> Iterator[Evidence]:
        """What the MRR of clients is worked out from, some clients at a time.

        Raises:
            CompareError: an object cannot be read.
        """
        wanted = sorted(clients)
        events = self._events()
        prices = {raw["id"]: raw for raw in self._objects.each("prices")}
        coupons = {raw["id"]: raw for raw in self._objects.each("coupons")}
        listed = {raw["id"]: raw for raw in self._objects.each("discounts")}
        rates = {raw["id"]: raw for raw in self._objects.each("tax_rates")}
        for first in range(0, len(wanted), _CLIENTS_AT_ONCE):
            some = wanted[first : first + _CLIENTS_AT_ONCE]
            customers = {raw["id"]: raw for raw in self._objects.each("customers", "id", some)}
            discounts = {key: raw.get("discount") for key, raw in customers.items()}
            subscriptions = list(self._objects.each("subscriptions", "customer", some))
            given: dict[str, Any] = {
                "subscriptions": subscriptions,
                "invoices": list(self._objects.each("invoices", "customer", some)),
                "invoiceitems": list(self._objects.each("invoice_items", "customer", some)),
                "events": self._events_of(events, subscriptions, some),
                "horizon": None if self._horizon is None else iso(self._horizon),
                "now": iso(self._now),
            }
            try:
                facts = list(facts_of(given))
            except (InputError, KeyError, TypeError, AttributeError, ValueError) as error:
                raise CompareError(f"an object cannot be read: {error!r}.") from error
            yield Evidence(
                facts,
                Catalog(prices, coupons, listed, customer_discounts=discounts),
                TaxRates(
                    subscriptions,
                    {one.subscription_id: list(one.invoices) for one in facts},
                    rates,
                ),
                self._ends_at,
            )

    def _events(self) -> dict[str, list[Raw]]:
        """The events that the rules listen to, by subscription or customer, newest first."""
        found: dict[str, list[Raw]] = defaultdict(list)
        if self._horizon is not None:
            for raw in self._objects.each("events", "type", EVENT_TYPES):
                owner = next((name for name in owner_of(raw) if name), None)
                if owner is not None and self._horizon <= raw["created"]:
                    found[owner].append(raw)
        for events in found.values():
            events.sort(key=lambda raw: -raw["created"])
        return found

    def _events_of(
        self, events: dict[str, list[Raw]], subscriptions: list[Raw], clients: list[str]
    ) -> list[Raw]:
        names = [*(raw["id"] for raw in subscriptions), *clients]
        return [event for name in names for event in events.get(name, ())]
