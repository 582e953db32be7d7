"""The ledger's units of work, and its share in a pass over the change feed.

They hold a sync and call it; what they do is told there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from source_stripe_saas.api.rows import Row, StripeObject
from source_stripe_saas.streams.changes import FeedPart, Follower
from source_stripe_saas.streams.fetch import Onlooker
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.work import Batch, StreamWork, Unit

if TYPE_CHECKING:
    from source_stripe_saas.ledger.sync import LedgerSync


@dataclass(frozen=True)
class _Own:
    """A unit that is the ledger's alone."""

    sync: LedgerSync

    @property
    def label(self) -> str:
        """What it does."""
        return f"{self.sync.work.plan.name}: {type(self).__name__.lower()}"

    @property
    def serves(self) -> tuple[str, ...]:
        """The stream."""
        return (self.sync.work.plan.name,)


@dataclass(frozen=True)
class Events(_Own):
    """Reads the events of a scan."""

    span: Span

    def read(self) -> Iterator[Batch]:
        """No records."""
        yield self.sync.work.batch(spawned=self.sync.read_events(self.span))


@dataclass(frozen=True)
class Moves(_Own):
    """Finds out what has to be fetched."""

    def read(self) -> Iterator[Batch]:
        """No records; the units that fetch."""
        units = [*self.sync.fetches(), *self.sync.ends()]
        yield self.sync.work.batch(spawned=tuple(units))


@dataclass(frozen=True)
class Rows(_Own):
    """Makes the rows."""

    def read(self) -> Iterator[Batch]:
        """The rows."""
        yield from self.sync.batches()


@dataclass(frozen=True)
class Listener(Follower):
    """The ledger, as it follows the change feed: it wants the events themselves."""

    sync: LedgerSync

    def part(self) -> FeedPart:
        """The sync takes the events."""
        return Listening(self.sync)


@dataclass(frozen=True)
class Listening:
    """The ledger's share in a pass over the feed."""

    sync: LedgerSync

    def note(self, event: StripeObject) -> None:
        """Takes an event."""
        self.sync.note(event)

    @property
    def name(self) -> str:
        """The stream's."""
        return self.sync.work.plan.name

    def looks_on(self, plan: StreamPlan) -> Onlooker | None:
        """The ledger needs the very objects that two streams fetch."""
        return self if plan.name in ("subscriptions", "invoices") else None

    def begins(self) -> None:
        """One more unit is about to show what it fetches."""
        self.sync.sightings.begins()

    def ends(self) -> tuple[Unit, ...]:
        """One has shown all; after the last one the rest is fetched."""
        return self.sync.sightings.ends()

    def saw(self, path: str, identity: str, row: Row | StripeObject | None) -> None:
        """Takes an object."""
        self.sync.saw(path, identity, row)

    def defers(self, unit: Unit, works: Sequence[StreamWork]) -> bool:
        """Subscriptions are listed for the ledger's own sake, all that are live."""
        return self.sync.live.defers(unit, works)

    def shows(self, path: str, identity: str) -> StripeObject | None:
        """A subscription that was on that list."""
        return self.sync.live.shows(path, identity)

    def own_units(self) -> tuple[Unit, ...]:
        """What lists the live subscriptions; all else that concerns them begins after that."""
        return self.sync.live.units()
