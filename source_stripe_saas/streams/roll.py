"""A list without a `created` filter -> everything in it, from the last id written onwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from source_stripe_saas.api.listing import ListReader
from source_stripe_saas.api.refusal import CursorGone, Refusal
from source_stripe_saas.api.rows import Row, StripeObject, plain
from source_stripe_saas.streams.progress import Step, variant_name
from source_stripe_saas.streams.records import AnyRecord, RecordMaker
from source_stripe_saas.streams.work import Batch, StreamWork


@dataclass(frozen=True)
class Roll:
    """One variant of a list that cannot be cut into windows, or a single object."""

    work: StreamWork
    variant: tuple[tuple[str, str], ...]
    updated: int
    after: str | None = None

    @property
    def label(self) -> str:
        """Stream and variant."""
        return f"{self.work.plan.name} {variant_name(self.variant)}".strip()

    @property
    def serves(self) -> tuple[str, ...]:
        """The stream."""
        return (self.work.plan.name,)

    def read(self) -> Iterator[Batch]:
        """The records of the list, page by page."""
        name = variant_name(self.variant)
        if self.work.plan.single:
            row = self.work.client.get(self.work.plan.path).body
            records = list(self.work.maker.records(row, self.updated))
            yield self.work.batch(records, Step(variant=name, finished=True))
            return
        listing = self.work.plan.listing(self.variant)
        reader = ListReader(self.work.client, listing, after=self.after)
        empty = self.after is None
        try:
            for page in reader.pages():
                if self.work.failed.is_set():
                    return
                empty = empty and not page.objects
                step = Step(variant=name, after=reader.after)
                yield self.work.batch(self._records(page.objects), step)
        except CursorGone:
            raise
        except Refusal as refused:
            # 401 and 403 are about the key; 400 and 404 say that there is no such list, unless it
            # has begun.
            has_fallback = self.work.plan.fallback is not None and empty
            if not has_fallback or refused.status not in (400, 404):
                raise
        if empty and self.work.plan.fallback is not None:
            yield from self._by_parents()
        yield self.work.batch(step=Step(variant=name, finished=True))

    def _records(self, rows: list[Row | StripeObject]) -> list[AnyRecord]:
        return [record for row in rows for record in self.work.maker.records(row, self.updated)]

    def _by_parents(self) -> Iterator[Batch]:
        """The same objects, asked for parent by parent."""
        assert self.work.plan.fallback is not None
        parent_name, call = self.work.plan.fallback
        parent = self.work.plans[parent_name]
        plan = replace(self.work.plan, parent=parent, call=call, fallback=None)
        maker = RecordMaker(plan, self.work.client)
        for page in ListReader(self.work.client, parent.listing()).pages():
            for row in page.objects:
                if self.work.failed.is_set():
                    return
                yield self.work.batch(list(maker.records(plain(row), self.updated)))
