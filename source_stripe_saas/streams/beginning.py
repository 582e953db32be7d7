"""One stream by itself -> the units of work that its sync starts with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from source_stripe_saas.streams.crew import Member, assign
from source_stripe_saas.streams.progress import Progress
from source_stripe_saas.streams.work import StreamWork, Unit


def first_units(work: StreamWork, progress: Progress, schema: Mapping[str, Any]) -> Iterator[Unit]:
    """The units that a sync of one stream alone begins with."""
    yield from assign([Member(work, progress, schema)])[work.plan.name].units
