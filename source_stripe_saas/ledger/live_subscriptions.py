"""Every live subscription, page by page -> those whose MRR is not what their rows add up to (M51).

Events report what has changed, but some changes make none. So each later sync lists all
subscriptions that have not ended, works out MRR from each object, and compares. Of a page only the
objects are kept that rows will be made of: those that differ, and those that events or the clock
have changed, which then need not be fetched.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from source_stripe_saas.api.listing import ListReader
from source_stripe_saas.api.raw_object import ListedObject, StripeObject
from source_stripe_saas.api.refusal import StripeError
from source_stripe_saas.ledger.changed_subscriptions import ChangedSubscriptions
from source_stripe_saas.ledger.codec import UNREADABLE, decoded
from source_stripe_saas.ledger.coupons import complete, coupon_of, discounts_of
from source_stripe_saas.ledger.lookup_cache import LookupCache
from source_stripe_saas.ledger.memory import Memory
from source_stripe_saas.ledger.scan_lists import LedgerReader, ListedCatalog, ledger_reader
from source_stripe_saas.ledger.store import SubscriptionObjects, key_of
from source_stripe_saas.mrr import Catalog, Options, current_mrr
from source_stripe_saas.mrr.line import reference
from source_stripe_saas.mrr.state import ENDED
from source_stripe_saas.streams.clock_lists import ClockLists
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch, Task
from source_stripe_saas.streams.task_group import TaskGroup
from source_stripe_saas.streams.window import Window

_log = logging.getLogger("airbyte.source_stripe_saas")


def _raise(error: StripeError) -> None:
    raise error


def _or_refused(batches: Iterator[Batch], refuse: Callable[[StripeError], None]) -> Iterator[Batch]:
    """The batches of a read, which ends for the streams that wait even where the ledger fails.

    Those may be allowed all that they need, and ask for it themselves.
    """
    try:
        yield from batches
    except StripeError as error:
        refuse(error)


@dataclass(frozen=True)
class _LiveWindow(Window):
    """A window of that list."""

    refuse: Callable[[StripeError], None] = _raise

    def read(self) -> Iterator[Batch]:
        """No records."""
        yield from _or_refused(super().read(), self.refuse)


@dataclass(frozen=True)
class _LiveOfClocks(ClockLists):
    """The same of test clocks, which that list hides."""

    refuse: Callable[[StripeError], None] = _raise

    def read(self) -> Iterator[Batch]:
        """No records."""
        yield from _or_refused(super().read(), self.refuse)


@dataclass
class LiveSubscriptions:
    """One sync's list of all live subscriptions."""

    reader: StreamReader
    """The ledger's."""
    changed: ChangedSubscriptions
    """Holds the events; takes the objects that will be needed."""
    memories: Mapping[int, Memory]
    upper: int
    """Rows are made up to here (M30), Unix seconds."""
    options: Options
    prices: LookupCache
    listed: ListedCatalog
    """Holds the coupons."""
    wanted: dict[str, None] = field(default_factory=dict)
    """Subscriptions that differ, are unknown, or were changed by events or the clock."""
    unseen: set[int] = field(init=False)
    """Keys of those that are remembered as live and were not on any page yet."""
    refused: StripeError | None = None
    """Why the list could not be read; fails the ledger, not the streams that wait."""
    _deleted: dict[str, Any] = field(default_factory=dict)
    """Coupons that no list has any more, by id, as an object that uses them shows them."""
    _plain: dict[str, Any] = field(default_factory=dict)
    """Prices that objects spell out in full."""
    _by_payload: Catalog = field(init=False)
    _by_lookup: Catalog = field(init=False)

    def __post_init__(self) -> None:
        self.unseen = {key for key, memory in self.memories.items() if not memory.ended_at}
        self._by_payload = Catalog(self._plain, self.listed.coupons)
        self._by_payload.prices = self._plain  # though it is empty now
        self._by_lookup = Catalog(self.prices, self.listed.coupons)

    # -- reading -----------------------------------------------------------------------------------

    def tasks(self, then: tuple[Task, ...]) -> list[Task]:
        """The tasks that read the list.

        Args:
            then: begin when it has been read, even where it was refused.
        """
        # Without a status Stripe hides what was canceled and lists all else.
        reader = ledger_reader(
            self._plan(()),
            self.reader,
            self._keep,
            waiting=tuple(name for task in then for name in task.serves),
        )
        began = self.reader.began
        tasks: list[Task] = [_LiveWindow(reader, (), (0, began), began, refuse=self._refuse)]
        if self.reader.clocks.are_included:
            tasks.append(_LiveOfClocks(reader, began, refuse=self._refuse))
        group = TaskGroup(self.reader, lambda: then)
        return [group.add(task) for task in tasks]

    def _refuse(self, error: StripeError) -> None:
        self.refused = error

    def _plan(self, params: tuple[tuple[str, str], ...]) -> StreamPlan:
        plan = self.reader.plans["subscriptions"]
        expand = (*plan.expand, "customer")
        return replace(plan, name=self.reader.plan.name, params=params, expand=expand)

    # -- looking -----------------------------------------------------------------------------------

    def _keep(self, reader: LedgerReader, rows: Sequence[ListedObject]) -> None:
        for row in rows:
            identity = row["id"]
            self.unseen.discard(key_of(identity))
            try:
                body = bytes(reader.whole(row))
                is_wanted = self._is_wanted(identity, body)
            except StripeError as error:
                if not self._is_of_one_object(error, identity):
                    return
                # It is asked for by itself, and named if that is refused, too.
                self.wanted[identity] = None
                continue
            if is_wanted:
                self.wanted[identity] = None
            if is_wanted or identity in self.changed.named:
                self.changed.keep(identity, body)

    def _is_of_one_object(self, error: StripeError, identity: str) -> bool:
        try:
            self.reader.rules.skipped(error, identity, None)
        except StripeError:
            self.refused = error
            return False
        return True

    def _is_wanted(self, identity: str, body: bytes) -> bool:
        if identity in self.changed.events:
            return True
        memory = self.memories.get(key_of(identity))
        if memory is not None and memory.due_at is not None and memory.due_at <= self.upper:
            return True
        try:
            raw = decoded(body)
            if memory is None:
                return raw["status"] not in ENDED and raw["created"] <= self.upper
            if reference(raw.get("customer")) in self.changed.customer_events:
                return True  # a discount of the customer's own is one of all its subscriptions
            return not self._is_as_remembered(raw, memory)
        except UNREADABLE:
            return True  # deriving it raises the error that names it

    def _is_as_remembered(self, raw: StripeObject, memory: Memory) -> bool:
        """Whether the object's MRR is the sum of its rows.

        A deleted coupon is taken from another discount that shows it, which costs no request. If
        its id was reused, the sums differ, and deriving the rows asks for it.
        """
        for discount in discounts_of(raw):
            coupon = coupon_of(discount)
            if isinstance(coupon, str) and coupon in self._deleted:
                discount["source"] = {**discount["source"], "coupon": self._deleted[coupon]}
        if self._mrr_of(raw, memory) == memory.context.mrr_minor:
            return True
        objects = SubscriptionObjects(raw["id"], raw)
        if not complete(objects, self.listed, self.reader.client):
            return False
        for discount in discounts_of(raw):
            coupon = coupon_of(discount)
            if isinstance(coupon, dict):
                self._deleted[coupon["id"]] = coupon
        return self._mrr_of(raw, memory) == memory.context.mrr_minor

    def _mrr_of(self, raw: StripeObject, memory: Memory) -> int:
        catalog = self._by_lookup
        prices = [item.get("price") for item in raw["items"]["data"]]
        if all(_is_told_in_full(price, raw.get("currency")) for price in prices):
            catalog = self._by_payload
            for price in prices:
                self._plain.setdefault(price["id"], price)
        return current_mrr(raw, self.upper, catalog, self.options, memory.context)

    # -- what is not on the list -------------------------------------------------------------------

    def look_for(self, missing: set[int]) -> set[int]:
        """Searches the canceled subscriptions for some that are remembered as live.

        Args:
            missing: their keys; what is found is wanted.

        Returns:
            The keys of those that are not there either.
        """
        left = set(missing)
        plan = self._plan((("status", "canceled"),))
        for page in ListReader(self.reader.client, plan.listing()).pages():
            for row in page.objects:
                if key_of(row["id"]) in left:
                    left.discard(key_of(row["id"]))
                    self.wanted[row["id"]] = None
            if not left:
                break
        if left:
            _log.warning(
                "Stream subscription_events: Stripe does not list %d subscriptions any more that "
                "were live at the last sync. Their rows stay as they are, and so does their MRR; "
                "reading the stream anew would leave them out.",
                len(left),
            )
        return left


def _is_told_in_full(price: Any, currency: str | None) -> bool:
    """Whether a price inside an object needs no entry of the catalog.

    Its amounts never change (M11), but for those in other currencies; tiers are not shown there.
    """
    return (
        isinstance(price, dict)
        and price.get("billing_scheme") == "per_unit"
        and currency is not None
        and price.get("currency") == currency
        and (price.get("unit_amount_decimal"), price.get("unit_amount")) != (None, None)
    )
