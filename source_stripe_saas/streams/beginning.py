"""A stream's route -> the units of work that this sync starts with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from source_stripe_saas.streams.changes import ChangeFeed
from source_stripe_saas.streams.progress import Progress, variant_name
from source_stripe_saas.streams.roll import Roll
from source_stripe_saas.streams.route import ReadAll
from source_stripe_saas.streams.window import Window
from source_stripe_saas.streams.work import StreamWork, Unit


def first_units(work: StreamWork, progress: Progress, schema: Mapping[str, Any]) -> Iterator[Unit]:
    """The units that an idle sync of one stream begins with, newest data first."""
    plan, route = work.plan, progress.route
    if isinstance(route, ReadAll):
        updated = route.resumed.began
        for variant in plan.variants:
            name = variant_name(variant)
            if progress.lists_by_window():
                for gap in progress.to_read(name, route.span):
                    yield Window(work, variant, gap, updated)
            else:
                after, finished = progress.resume_after(name)
                if not finished:
                    yield Roll(work, variant, updated, after)
        return
    if route.feed is not None:
        # Where the manifest has every young object listed again, the feed can leave those out.
        listed_from = route.lookback[0] if route.lookback and plan.lookback_days else None
        yield ChangeFeed(work, route.feed, listed_from, schema)
    if route.lookback is not None:
        for variant in plan.variants:
            yield Window(work, variant, route.lookback, work.began)
