"""A step of the ledger's sync, in the place of a task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch


@dataclass(frozen=True)
class LedgerTask:
    """Something that is the ledger's alone."""

    reader: StreamReader
    """The ledger's."""
    does: str
    """What it does, for logs."""
    batches: Callable[[], Iterable[Batch]]

    @property
    def label(self) -> str:
        return f"{self.reader.plan.name}: {self.does}"

    @property
    def serves(self) -> tuple[str, ...]:
        return (self.reader.plan.name,)

    def read(self) -> Iterator[Batch]:
        yield from self.batches()
