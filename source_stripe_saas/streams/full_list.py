"""A list without a `created` filter -> everything in it, from the last id written onwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from source_stripe_saas.api.listing import ListReader
from source_stripe_saas.api.raw_object import as_dict, has_id
from source_stripe_saas.api.refusal import CursorGone, Refusal, UnexpectedContent
from source_stripe_saas.streams.checkpoint import Checkpoint, variant_name
from source_stripe_saas.streams.records import Made, RecordMaker
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch


@dataclass(frozen=True)
class FullList:
    """One variant of a list that cannot be cut into windows, or a single object."""

    reader: StreamReader
    variant: tuple[tuple[str, str], ...]
    updated: int
    after: str | None = None

    @property
    def label(self) -> str:
        return f"{self.reader.plan.name} {variant_name(self.variant)}".strip()

    @property
    def serves(self) -> tuple[str, ...]:
        return (self.reader.plan.name,)

    def read(self) -> Iterator[Batch]:
        """The records of the list, page by page."""
        name = variant_name(self.variant)
        if self.reader.plan.single:
            path = self.reader.plan.path
            single = self.reader.client.get(path).body
            if not has_id(single):
                raise UnexpectedContent(path, "the object has no id", path)
            records = list(self.reader.maker.records(single, self.updated))
            yield self.reader.batch(records, Checkpoint(variant=name, finished=True))
            return
        listing = self.reader.plan.listing(self.variant)
        walk = ListReader(self.reader.client, listing, after=self.after)
        empty = self.after is None
        try:
            for page in walk.pages():
                if self.reader.failed.is_set():
                    return
                empty = empty and not page.objects
                checkpoint = Checkpoint(variant=name, after=walk.after)
                made: list[Made] = list(self.reader.oddities(page))
                for row in page.objects:
                    made.extend(self.reader.maker.records(row, self.updated))
                yield self.reader.batch(made, checkpoint)
        except CursorGone:
            raise
        except Refusal as refused:
            # 401 and 403 are about the key; 400 and 404 say that there is no such list, unless it
            # has begun.
            has_fallback = self.reader.plan.fallback is not None and empty
            if not has_fallback or refused.status not in (400, 404):
                raise
        if empty and self.reader.plan.fallback is not None:
            yield from self._by_parents()
        yield self.reader.batch(checkpoint=Checkpoint(variant=name, finished=True))

    def _by_parents(self) -> Iterator[Batch]:
        """The same objects, asked for parent by parent."""
        maker = fallback_maker(self.reader)
        assert maker.plan.parent is not None
        for page in ListReader(self.reader.client, maker.plan.parent.listing()).pages():
            for row in page.objects:
                if self.reader.failed.is_set():
                    return
                yield self.reader.batch(list(maker.records(as_dict(row), self.updated)))


def fallback_maker(reader: StreamReader) -> RecordMaker:
    """What makes a stream's records of its parents, where its own list is refused or empty."""
    assert reader.plan.fallback is not None
    parent_name, call = reader.plan.fallback
    parent = reader.plans[parent_name]
    plan = replace(reader.plan, parent=parent, call=call, fallback=None)
    return RecordMaker(plan, reader.client, rules=reader.rules)
