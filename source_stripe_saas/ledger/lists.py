"""A scan of the account: the lists that the rules need, each page put into the store as it comes.

The lists are read as any stream's are, by windows that several threads share; where a stream reads
the same list in the same sync, its pages serve both.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from source_stripe_saas.api.rows import Row, StripeObject
from source_stripe_saas.ledger.reading import (
    UNREADABLE,
    Unreadable,
    decoded,
    encoded,
    invoice_of,
    subscription_named,
)
from source_stripe_saas.ledger.store import Store, key_of
from source_stripe_saas.mrr.invoice import reference
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.work import Batch, StreamWork, Unit

LISTS = ("subscriptions", "invoices", "invoice_items", "customers", "prices", "coupons")
"""Streams whose lists a scan reads."""


@dataclass
class Listed:
    """Small lists, held in memory: what the rules know as the catalog."""

    prices: dict[str, Any] = field(default_factory=dict)
    coupons: Mapping[str, Any] = field(default_factory=dict)
    customer_discounts: dict[str, Any] = field(default_factory=dict)
    """Of those customers that have one."""


class Gathering:
    """Counts what is being read; when the last of it has ended, something else begins."""

    def __init__(self, then: Callable[[], tuple[Unit, ...]]) -> None:
        """Waits for nothing yet.

        Args:
            then: gives what begins at the end.
        """
        self._then = then
        self._under_way = 0
        self._lock = threading.Lock()

    def begins(self) -> None:
        """One more is going to be read."""
        with self._lock:
            self._under_way += 1

    def ends(self) -> tuple[Unit, ...]:
        """One has been read to its end."""
        with self._lock:
            self._under_way -= 1
            is_last = self._under_way == 0
        return self._then() if is_last else ()


Keep = Callable[["ListWork", Sequence[Row | StripeObject]], None]


@dataclass
class ListWork(StreamWork):
    """A list as the ledger reads it: its objects are kept, and make no records."""

    gathering: Gathering = field(default_factory=lambda: Gathering(tuple))
    keep: Keep = lambda work, rows: None

    def begins(self) -> None:
        """One window more."""
        self.gathering.begins()

    def ends(self) -> tuple[Unit, ...]:
        """One window less; after the last one, what is made of them all."""
        return self.gathering.ends()

    def take(
        self, rows: Sequence[Row | StripeObject], updated: int, variant: str, span: Span
    ) -> Iterator[Batch]:
        """Keeps the page; there is nothing to write."""
        if not self.failed.is_set():
            self.keep(self, rows)
        return iter(())

    def whole(self, row: Row | StripeObject) -> bytes | memoryview:
        """An object's JSON, its embedded lists read to their ends."""
        if isinstance(row, Row) and not any(map(row.is_cut, self.plan.completes)):
            return row.raw
        content: StripeObject = dict(row)
        for name in self.plan.completes:
            self.maker.complete(content, name)
        return encoded(content)


def list_works(
    plans: Mapping[str, StreamPlan],
    model: StreamWork,
    gathering: Gathering,
    store: Store,
    into: Listed,
) -> list[ListWork]:
    """A work for each list of a scan.

    Args:
        plans: all streams' plans.
        model: the ledger's own work, whose client, clock and fate these share.
        gathering: told of their windows.
        store: takes what is large.
        into: takes what is small.
    """
    coupons: dict[str, Any] = {}
    into.coupons = coupons
    keeps: dict[str, Keep] = {
        "subscriptions": lambda work, rows: _keep_subscriptions(work, rows, store),
        "invoices": lambda work, rows: _keep_invoices(work, rows, store),
        "invoice_items": lambda work, rows: _keep_charges(work, rows, store),
        "customers": lambda work, rows: _keep_customers(rows, into),
        "prices": lambda work, rows: _keep_by_id(work, rows, into.prices),
        "coupons": lambda work, rows: _keep_by_id(work, rows, coupons),
    }
    works = []
    for name in LISTS:
        plan = replace(plans[name], name=model.plan.name)
        works.append(_list_work(plan, model, gathering, keeps[name]))
        if name == "subscriptions":
            # Those of deleted customers are listed only under their status (M37).
            ended = replace(plan, params=(("status", "canceled"),))
            works.append(_list_work(ended, model, gathering, keeps[name]))
    return works


def _list_work(plan: StreamPlan, model: StreamWork, gathering: Gathering, keep: Keep) -> ListWork:
    return ListWork(
        plan,
        model.client,
        model.began,
        account_created=model.account_created,
        plans=model.plans,
        traffic=model.traffic,
        failed=model.failed,
        gathering=gathering,
        keep=keep,
    )


def _keep_subscriptions(work: ListWork, rows: Sequence[Row | StripeObject], store: Store) -> None:
    kept = []
    for row in rows:
        body = bytes(work.whole(row))
        customer = reference(decoded(body).get("customer"))
        kept.append((key_of(row["id"]), row["id"], customer, body))
    store.put("subscription", kept)


def _keep_invoices(work: ListWork, rows: Sequence[Row | StripeObject], store: Store) -> None:
    kept = []
    for row in rows:
        raw = row.raw if isinstance(row, Row) else encoded(row)
        try:
            owner = subscription_named(raw)
            if owner is not None:
                kept.append((key_of(owner), owner, encoded(invoice_of(work.whole(row)))))
        except UNREADABLE as error:
            raise Unreadable.of(row["id"], error) from error
    store.put("invoice", kept)


def _keep_charges(work: ListWork, rows: Sequence[Row | StripeObject], store: Store) -> None:
    kept = []
    for row in rows:
        raw = row.raw if isinstance(row, Row) else encoded(row)
        try:
            owner = subscription_named(raw)
        except UNREADABLE as error:
            raise Unreadable.of(row["id"], error) from error
        if owner is not None:
            content = decoded(raw)
            names = ("id", "parent", "subscription_item", "subscription")
            body = encoded({name: content[name] for name in names if name in content})
            kept.append((key_of(owner), owner, body))
    store.put("charge", kept)


def _keep_customers(rows: Sequence[Row | StripeObject], into: Listed) -> None:
    for row in rows:
        if isinstance(row, Row) and b'"discount":{' not in bytes(row.raw):
            continue
        discount = row.get("discount")
        if discount:
            into.customer_discounts[row["id"]] = discount


def _keep_by_id(work: ListWork, rows: Sequence[Row | StripeObject], into: dict[str, Any]) -> None:
    for row in rows:
        into[row["id"]] = decoded(work.whole(row))
