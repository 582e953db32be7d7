"""What both ways of reading the ledger share: how far it goes, and how rows are made of objects.

A *scan* (scan.py) reads all lists; *following* (following.py) reads events and live subscriptions.
In both, events are asked for once more after the objects: an object that is ahead of the events
read before it would look like a mismatch that the next sync resolves by itself (M51).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from source_stripe_saas.api.raw_object import StripeObject, has_id
from source_stripe_saas.api.refusal import StripeError
from source_stripe_saas.ledger.codec import UNREADABLE, Unreadable, reason_of, with_created
from source_stripe_saas.ledger.coupons import complete
from source_stripe_saas.ledger.deriver import Bounds, Derived, Deriver
from source_stripe_saas.ledger.events import EVENT_TYPES, owner_of
from source_stripe_saas.ledger.ledger_task import LedgerTask
from source_stripe_saas.ledger.memory import Memory
from source_stripe_saas.ledger.progress import LedgerCheckpoint, LedgerProgress
from source_stripe_saas.ledger.scan_lists import ListedCatalog
from source_stripe_saas.ledger.set_aside import LedgerSkips
from source_stripe_saas.ledger.store import SubscriptionObjects, key_of
from source_stripe_saas.ledger.tally import Tally
from source_stripe_saas.mrr import Catalog, Options
from source_stripe_saas.mrr.event_chain import STATE_EVENTS
from source_stripe_saas.streams.assignment import SyncedStream
from source_stripe_saas.streams.feed import what_is_odd
from source_stripe_saas.streams.plan import EVENTS_KEPT_DAYS
from source_stripe_saas.streams.read_mode import DAY_SECONDS, LATENESS_SECONDS
from source_stripe_saas.streams.skipped import odd
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch, Task

_WINDOW_SECONDS = EVENTS_KEPT_DAYS * DAY_SECONDS - 3_600
"""How far back events can be relied on: the oldest may vanish while they are read."""


def window_start(began: int) -> int:
    """From when on events can be relied on, Unix seconds.

    Args:
        began: when the sync began, Unix seconds.
    """
    return began - _WINDOW_SECONDS


@dataclass
class LedgerSync(ABC):
    """One sync of the ledger."""

    reader: StreamReader
    options: Options
    progress: LedgerProgress
    reason: str | None = None
    """Why everything is read although there was a state."""
    tally: Tally = field(default_factory=Tally)
    listed: ListedCatalog = field(default_factory=ListedCatalog)
    skips: LedgerSkips = field(init=False)
    aside: Mapping[str, int | None] = field(init=False)
    """What the last sync set aside: subscription -> up to where it has rows; None: it has none."""
    _named: set[str] = field(default_factory=set)
    """Subscriptions that were skipped, and said so by `derived`."""

    def __post_init__(self) -> None:
        self.skips = LedgerSkips(self.reader.rules)
        self.aside = dict(self.progress.position.aside.since)

    @abstractmethod
    def synced_streams(self, start: int) -> list[SyncedStream]:
        """What it reads together with other streams.

        Args:
            start: where other streams begin; what is older, the ledger reads for itself.
        """

    def tasks(self) -> list[Task]:
        """What it reads by itself from the start."""
        return []

    @abstractmethod
    def batches(self) -> Iterator[Batch]:
        """The rows, when all has been read, each batch with what its state may say."""

    @abstractmethod
    def close(self) -> None:
        """Removes what lies on disk; called when the read has ended, however it ended."""

    def summary(self) -> str:
        """The ledger's part of the sync's last log line."""
        return self.tally.text(self.progress.position.memories.values())

    @property
    def upper(self) -> int:
        """Rows are made up to here, Unix seconds: what is younger may not be known yet (M30)."""
        return max(self.reader.began - LATENESS_SECONDS, self.progress.position.through or 0)

    @property
    def span(self) -> Span:
        """Seconds of the change feed that concern it."""
        since = window_start(self.reader.began)
        through = self.progress.position.through
        if self.progress.position.is_complete and through is not None:
            # What was set aside stands further back, or at nothing.
            oldest = min([through, *(moment or 0 for moment in self.aside.values())])
            since = max(since, oldest + 1)
        return since, self.reader.began

    @property
    def late_span(self) -> Span:
        """Seconds above the bound of M30, up to this moment: they explain objects ahead of it."""
        return self.upper + 1, self.reader.began + EVENTS_KEPT_DAYS * DAY_SECONDS

    def task(self, does: str, batches: Callable[[], Iterable[Batch]]) -> Task:
        return LedgerTask(self.reader, does, batches)

    def then_rows(self) -> tuple[Task, ...]:
        """What begins when all has been read: the rows are made."""
        return () if self.reader.failed.is_set() else (self.task("rows", self.batches),)

    def derived(
        self,
        objects: Iterable[SubscriptionObjects],
        catalog: Catalog,
        since: int | None,
        memories: Mapping[int, Memory],
    ) -> Iterator[Derived]:
        """New rows of some subscriptions, in the order given, or why there are none.

        Args:
            objects: of each subscription.
            catalog: prices, coupons, customers' discounts.
            since: rows up to here have been written, Unix seconds; None: none have.
            memories: what the last sync remembered, by key.

        Raises:
            StripeError: what is needed cannot be had, and that does not concern a single object.
        """
        derivers: dict[int | None, Deriver] = {}
        for one in objects:
            identity, memory = one.subscription_id, memories.get(key_of(one.subscription_id))
            own = self.aside.get(identity, since)
            if own not in derivers:
                derivers[own] = self._deriver(catalog, own)
            skipped = self.skips.subscriptions.get(identity)
            if skipped is None:
                try:
                    complete(one, self.listed, self.reader.client)
                    if identity in self.aside:
                        memory = _standing_at(memory, own)
                    derived = derivers[own].derived(one, memory)
                    self.reader.rules.succeeded()
                    yield derived
                    continue
                except (*UNREADABLE, Unreadable, StripeError) as error:
                    catalog.missed_prices.clear()
                    skipped = self.skips.subscription(identity, error)
            self._named.add(identity)
            yield Derived(identity, [], memory, skipped, own)

    def skipped_besides(self, since: int | None) -> Batch:
        """What was skipped and is not a subscription that `derived` was given.

        Args:
            since: as for `derived`.
        """
        rest = self.skips.subscriptions.keys() - self._named
        skipped = [*self.skips.others, *(self.skips.subscriptions[one] for one in sorted(rest))]
        aside = {one: self.aside.get(one, since) for one in rest}
        return self.reader.batch(checkpoint=LedgerCheckpoint(skipped=tuple(skipped), aside=aside))

    def _deriver(self, catalog: Catalog, since: int | None) -> Deriver:
        horizon, began = self.progress.position.horizon, window_start(self.reader.began)
        bounds = Bounds(self.upper, horizon, began, since)
        return Deriver(catalog, self.options, bounds, self.tally)

    def readable(
        self, events: Iterable[StripeObject], *, may_ask: bool = True
    ) -> Iterator[StripeObject]:
        """The events of which something can be made; the others are noted.

        Events of test clocks are left out: no list shows their objects.

        Args:
            events: newest first.
            may_ask: False: which are of clocks is taken from what is known, without a request.

        Raises:
            StripeError: it cannot be told which are of clocks.
        """
        clocks = self.reader.clocks
        for event in events:
            reason = what_is_odd(event)
            if reason is None:
                clocks.note(event)
                if clocks.hides(event["data"]["object"], may_ask=may_ask):
                    continue
                reason = _why_nobodys(event)
            if reason is None:
                yield _with_created(event)
            else:
                self.note_odd(event, reason)

    def note_odd(self, event: StripeObject, reason: str) -> None:
        """Takes an event of which nothing can be made."""
        self.skips.others.append(odd(event["id"], reason))


def _with_created(event: StripeObject) -> StripeObject:
    """The event, its subscription with its time under today's name; other streams read it, too."""
    data = event["data"]
    if event["type"] not in STATE_EVENTS or "created" in data["object"]:
        return event
    return {**event, "data": {**data, "object": with_created(dict(data["object"]))}}


def _why_nobodys(event: StripeObject) -> str | None:
    """Why it cannot be seen which subscription an event is about; None if it can."""
    about = event["data"]["object"]
    # The feed is shared: what other streams listen to may be about something that has no id.
    is_ours = event["type"] in EVENT_TYPES or about.get("object") == "subscription"
    if is_ours and not has_id(about):
        return "the object of the event has no id"
    try:
        owner_of(event)
    except UNREADABLE as error:
        return f"the object of the event: {reason_of(error)}"
    return None


def _standing_at(memory: Memory | None, since: int | None) -> Memory | None:
    """A memory as it was when its subscription was set aside: states know of one moment for all."""
    if memory is None or since is None:
        return None
    return replace(memory, context=replace(memory.context, through=since))
