"""The scoped lists of test clocks -> their objects' records, for configs that want them.

An unscoped list hides them. How many there are is bounded by Stripe: three customers to a clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from source_stripe_saas.api.listing import ListReader
from source_stripe_saas.streams.checkpoint import CLOCKS, Checkpoint, variant_name
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch


@dataclass(frozen=True)
class ClockLists:
    """All objects of test clocks that a stream's list shows under a filter."""

    reader: StreamReader
    updated: int
    """Goes into the records: the second from which on their content holds."""

    @property
    def label(self) -> str:
        return f"{self.reader.plan.name} of test clocks"

    @property
    def serves(self) -> tuple[str, ...]:
        return self.reader.names

    def read(self) -> Iterator[Batch]:
        plan = self.reader.plan
        for scope in self.reader.clocks.scopes((plan.parent or plan).path):
            for variant in plan.variants:
                # Their times are those of the clock: windows of time would miss some.
                listing = replace(plan.listing((*variant, scope)), created_field=None)
                for page in ListReader(self.reader.client, listing).pages():
                    if self.reader.is_over:
                        return
                    yield from self.reader.take(page, self.updated, variant_name(variant), None)
        yield self.reader.batch(checkpoint=Checkpoint(closed=CLOCKS))
