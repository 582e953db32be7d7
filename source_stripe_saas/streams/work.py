"""Units of work: what a thread reads in one go, and what it hands over.

A unit yields batches. A batch is written out before its step counts and before the units that it
spawns are begun.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.progress import Step
from source_stripe_saas.streams.records import AnyRecord, RecordMaker
from source_stripe_saas.streams.traffic import Traffic
from source_stripe_saas.stripe.client import StripeClient


class Unit(Protocol):
    """Something to read."""

    @property
    def label(self) -> str:
        """What it reads, for logs."""
        ...

    def read(self) -> Iterator[Batch]:
        """Reads it; ends early, without its last step, once the stream has failed."""
        ...


@dataclass
class Batch:
    """Records that belong together, what they complete, and further work."""

    records: list[AnyRecord] = field(default_factory=list)
    step: Step = field(default_factory=Step)
    spawned: tuple[Unit, ...] = ()


@dataclass
class StreamWork:
    """What all units of one stream share in one sync."""

    plan: StreamPlan
    client: StripeClient
    began: int
    """When this sync began, Unix seconds on Stripe's clock."""
    account_created: int = 0
    """Nothing is expected to be older, Unix seconds."""
    plans: dict[str, StreamPlan] = field(default_factory=dict)
    """All streams' plans, for a stream that falls back on another's list."""
    traffic: Traffic = field(default_factory=Traffic)
    """Who reads from where, over all streams."""
    failed: threading.Event = field(default_factory=threading.Event)
    """Set when the stream failed for good: its other units stop quietly."""
    maker: RecordMaker = field(init=False)

    def __post_init__(self) -> None:
        self.maker = RecordMaker(self.plan, self.client)
