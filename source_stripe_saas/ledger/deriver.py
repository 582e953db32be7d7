"""A subscription's objects -> its rows as records, and the memory of it for the next sync."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from source_stripe_saas.ledger.codec import UNREADABLE, Unreadable
from source_stripe_saas.ledger.memory import Memory, remembered
from source_stripe_saas.ledger.store import SubscriptionObjects, key_of
from source_stripe_saas.ledger.tally import Tally
from source_stripe_saas.mrr import (
    COLUMNS,
    Catalog,
    Context,
    Facts,
    Options,
    derive_subscription,
)
from source_stripe_saas.mrr.moment import seconds_of
from source_stripe_saas.mrr.state import ENDED
from source_stripe_saas.streams.skipped import SkippedObject

Row = dict[str, Any]


@dataclass(frozen=True)
class Derived:
    """One subscription's new rows, and its memory."""

    subscription_id: str
    rows: list[Row]
    memory: Memory | None
    skipped: SkippedObject | None = None
    """Why there are no rows, though there may be some to be made; the old memory holds."""
    since: int | None = None
    """If skipped: up to where its rows exist, Unix seconds; None: it has none."""

    @property
    def key(self) -> int:
        return key_of(self.subscription_id)


@dataclass(frozen=True)
class Bounds:
    """What a derivation must know of time; Unix seconds on Stripe's clock."""

    upper: int
    """Rows are made up to here (M30)."""
    horizon: int
    """T0 (M37)."""
    window_start: int
    """How far back events reach: a past is joined to them there, if that is later than T0."""
    since: int | None = None
    """Rows up to here have been written; None: none have."""


@dataclass(frozen=True)
class Deriver:
    """Applies the rules to one subscription after the other."""

    catalog: Catalog
    options: Options
    bounds: Bounds
    tally: Tally = field(default_factory=Tally)
    _without_customers: Catalog = field(init=False)

    def __post_init__(self) -> None:
        full = self.catalog
        bare = Catalog(full.prices, full.coupons, full.discounts)
        object.__setattr__(self, "_without_customers", bare)

    def _catalog_for(self, before: Context | None) -> Catalog:
        """Without the customers where it is remembered that this one had no discount.

        Events report what changed since, and asking for a customer may cost a request.
        """
        if before is None or before.customer_discount is not None:
            return self.catalog
        return self._without_customers

    def derived(self, objects: SubscriptionObjects, memory: Memory | None) -> Derived:
        """One subscription's new rows.

        Args:
            objects: its objects and events.
            memory: what the last sync remembered of it.

        Raises:
            Unreadable: an object of it cannot be read.
        """
        identity, bounds = objects.subscription_id, self.bounds
        facts = Facts(
            subscription_id=identity,
            upper=bounds.upper,
            horizon=bounds.horizon,
            window_start=bounds.window_start,
            subscription=objects.subscription,
            invoices=objects.invoices,
            invoiceitems={raw["id"]: raw for raw in objects.invoice_items},
            events=objects.events,
        )
        before = memory.context if memory else None
        try:
            rows, context = derive_subscription(
                facts, self._catalog_for(before), self.options, before
            )
        except UNREADABLE as error:
            raise Unreadable.of(identity, error) from error
        if memory is None and bounds.since is not None and _was_over(objects, bounds.since):
            # Of a subscription that was long forgotten, only what is new has not been written.
            rows = [row for row in rows if seconds_of(row["occurred_at"]) > bounds.since]
        self.tally.add(rows)
        if self.catalog.missed_prices:
            self.tally.unpriced(identity, sorted(self.catalog.missed_prices))
            self.catalog.missed_prices.clear()
        return Derived(identity, _records(rows), _memory_of(objects, context, rows, memory))


def _was_over(objects: SubscriptionObjects, at: int) -> bool:
    """Whether a subscription had ended by a moment: only those are ever forgotten."""
    ended_at = (objects.subscription or {}).get("ended_at")
    return objects.subscription is None or (ended_at is not None and ended_at <= at)


def _records(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    return [{name: row[name] for name in COLUMNS} for row in rows]


def _memory_of(
    objects: SubscriptionObjects, context: Context, rows: list[Row], memory: Memory | None
) -> Memory | None:
    currency = rows[-1]["currency"] if rows else memory.currency if memory else ""
    ended_at = memory.ended_at if memory else 0
    if context.status in ENDED and not ended_at and rows:
        ended_at = seconds_of(rows[-1]["occurred_at"])
    return remembered(context, objects.subscription_id, currency, ended_at)
