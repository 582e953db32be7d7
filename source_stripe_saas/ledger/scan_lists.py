"""A scan of the account: the lists that the rules need, each page put into the store as it comes.

The lists are read as any stream's are, by windows that several threads share; where a stream reads
the same list in the same sync, its pages serve both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from source_stripe_saas.api.listing import ListPage
from source_stripe_saas.api.raw_object import ListedObject, RawObject, StripeObject
from source_stripe_saas.api.refusal import StripeError
from source_stripe_saas.ledger.codec import (
    UNREADABLE,
    decoded,
    encoded,
    invoice_of,
    subscription_named,
    subscriptions_named,
    with_created,
)
from source_stripe_saas.ledger.set_aside import LedgerSkips
from source_stripe_saas.ledger.store import Store, key_of
from source_stripe_saas.mrr.line import reference
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch, Task
from source_stripe_saas.streams.task_group import TaskGroup

LISTS = ("subscriptions", "invoices", "invoice_items", "customers", "prices", "coupons")
"""Streams whose lists a scan reads."""


@dataclass
class ListedCatalog:
    """Small lists, held in memory: what the rules know as the catalog."""

    prices: dict[str, Any] = field(default_factory=dict)
    coupons: Mapping[str, Any] = field(default_factory=dict)
    customer_discounts: dict[str, Any] = field(default_factory=dict)
    """Of those customers that have one."""


Keep = Callable[["LedgerReader", Sequence[ListedObject]], None]


def _keep_nothing(reader: LedgerReader, rows: Sequence[ListedObject]) -> None:
    pass


@dataclass
class LedgerReader(StreamReader):
    """A list as the ledger reads it: its objects are kept, and make no records."""

    keep: Keep = _keep_nothing
    group: TaskGroup | None = None
    """Counts its windows."""

    waiting: tuple[str, ...] = ()
    """Other streams that wait for this list: none of them may end before it has."""

    @property
    def names(self) -> tuple[str, ...]:
        """The ledger, and the streams that wait."""
        return tuple(dict.fromkeys((self.plan.name, *self.waiting)))

    def counted(self, task: Task) -> Task:
        """The task as a member of the group."""
        return self.group.add(task) if self.group is not None else task

    def take(
        self, page: ListPage, updated: int, variant: str, span: Span | None
    ) -> Iterator[Batch]:
        """Keeps the page; there is nothing to write."""
        if not self.failed.is_set():
            self.keep(self, page.objects)
        return iter(())

    def whole(self, row: ListedObject) -> bytes | memoryview:
        """An object's JSON, its embedded lists read to their ends."""
        if isinstance(row, RawObject) and not any(map(row.is_cut, self.plan.completes)):
            return row.raw
        content: StripeObject = dict(row)
        for name in self.plan.completes:
            self.maker.complete(content, name)
        return encoded(content)


def ledger_reader(
    plan: StreamPlan,
    ledger: StreamReader,
    keep: Keep = _keep_nothing,
    group: TaskGroup | None = None,
    waiting: tuple[str, ...] = (),
) -> LedgerReader:
    """A reader of a list in the ledger's name.

    Args:
        plan: the list's.
        ledger: the ledger's own reader, whose client, clock and fate this one shares.
        keep: takes each page.
        group: counts the windows.
        waiting: see there.
    """
    return LedgerReader(
        replace(plan, name=ledger.plan.name),
        ledger.client,
        ledger.began,
        account_created=ledger.account_created,
        plans=ledger.plans,
        slots=ledger.slots,
        failed=ledger.failed,
        test_clocks=ledger.clocks,
        keep=keep,
        group=group,
        waiting=waiting,
    )


def scan_readers(
    plans: Mapping[str, StreamPlan],
    ledger: StreamReader,
    group: TaskGroup,
    store: Store,
    into: ListedCatalog,
    skips: LedgerSkips,
) -> list[LedgerReader]:
    """A reader for each list of a scan.

    Args:
        plans: all streams' plans.
        ledger: the ledger's own reader.
        group: counts their windows.
        store: takes what is large.
        into: takes what is small.
        skips: takes what cannot be had, or read.
    """
    coupons: dict[str, Any] = {}
    into.coupons = coupons
    keeps: dict[str, Keep] = {
        "subscriptions": lambda reader, rows: _keep_subscriptions(reader, rows, store, skips),
        "invoices": lambda reader, rows: _keep_invoices(reader, rows, store, skips),
        "invoice_items": lambda reader, rows: _keep_invoice_items(reader, rows, store, skips),
        "customers": lambda reader, rows: _keep_customers(rows, into),
        "prices": lambda reader, rows: _keep_by_id(reader, rows, into.prices),
        "coupons": lambda reader, rows: _keep_by_id(reader, rows, coupons),
    }
    readers = []
    for name in LISTS:
        plan = plans[name]
        readers.append(ledger_reader(plan, ledger, keeps[name], group))
        if name == "subscriptions":
            # Those of deleted customers are listed only under their status (M37).
            ended = replace(plan, params=(("status", "canceled"),))
            readers.append(ledger_reader(ended, ledger, keeps[name], group))
    return readers


def _keep_subscriptions(
    reader: LedgerReader, rows: Sequence[ListedObject], store: Store, skips: LedgerSkips
) -> None:
    kept = []
    for row in rows:
        try:
            body = bytes(reader.whole(row))
            content = decoded(body)
            customer = reference(content.get("customer"))
        except (StripeError, *UNREADABLE) as error:
            skips.subscription(row["id"], error)
            # Its invoices are kept: so it has its turn among the keys, and is named there.
            body, customer = encoded({"id": row["id"]}), None
        else:
            if not isinstance(content.get("created"), int):
                body = encoded(with_created(content))
        kept.append((key_of(row["id"]), row["id"], customer, body))
    store.put("subscription", kept)


def _keep_invoices(
    reader: LedgerReader, rows: Sequence[ListedObject], store: Store, skips: LedgerSkips
) -> None:
    kept = []
    for row in rows:
        try:
            owners, body = _owners_and_body(reader, row)
        except (StripeError, *UNREADABLE) as error:
            _skip(row, error, skips)
            continue
        kept += [(key_of(owner), owner, body) for owner in owners]
    store.put("invoice", kept)


def _skip(row: ListedObject, error: Exception, skips: LedgerSkips) -> None:
    """Skips the subscriptions of an invoice or invoice item, or it alone if it names none."""
    raw = row.raw if isinstance(row, RawObject) else encoded(row)
    try:
        owners = subscriptions_named(raw)
    except UNREADABLE:
        owners = set()
    for owner in owners:
        skips.subscription(owner, error, about=row["id"])
    if not owners:
        skips.other(row["id"], error)


def _owners_and_body(reader: LedgerReader, row: ListedObject) -> tuple[list[str], bytes]:
    """The subscriptions that an invoice bills, and what rules read of it."""
    raw = row.raw if isinstance(row, RawObject) else encoded(row)
    owners = subscriptions_named(raw)
    if not owners and not invoice_of(raw).lines.has_more:
        return [], b""  # one-off charges
    whole = reader.whole(row)
    if whole is not raw:
        owners = subscriptions_named(whole)
    return sorted(owners), encoded(invoice_of(whole)) if owners else b""


def _keep_invoice_items(
    reader: LedgerReader, rows: Sequence[ListedObject], store: Store, skips: LedgerSkips
) -> None:
    kept = []
    for row in rows:
        raw = row.raw if isinstance(row, RawObject) else encoded(row)
        try:
            owner = subscription_named(raw)
        except UNREADABLE as error:
            _skip(row, error, skips)
            continue
        if owner is not None:
            content = decoded(raw)
            names = ("id", "parent", "subscription_item", "subscription")
            body = encoded({name: content[name] for name in names if name in content})
            kept.append((key_of(owner), owner, body))
    store.put("invoice_item", kept)


def _keep_customers(rows: Sequence[ListedObject], into: ListedCatalog) -> None:
    for row in rows:
        if isinstance(row, RawObject) and b'"discount":{' not in bytes(row.raw):
            continue
        discount = row.get("discount")
        if discount:
            into.customer_discounts[row["id"]] = discount


def _keep_by_id(reader: LedgerReader, rows: Sequence[ListedObject], into: dict[str, Any]) -> None:
    for row in rows:
        into[row["id"]] = decoded(reader.whole(row))
