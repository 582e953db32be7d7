"""Derived rows -> batches of them, each with what the ledger's state may say once it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from source_stripe_saas.ledger.deriver import Derived
from source_stripe_saas.ledger.memory import Memory
from source_stripe_saas.ledger.progress import LedgerCheckpoint
from source_stripe_saas.streams.skipped import SkippedObject
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch

_ROWS_IN_ONE_BATCH = 500


@dataclass
class _Taken:
    """What has been derived and not been handed on yet."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    memories: dict[int, Memory | None] = field(default_factory=dict)
    aside: dict[str, int | None] = field(default_factory=dict)
    settled: list[str] = field(default_factory=list)
    skipped: list[SkippedObject] = field(default_factory=list)

    def take(self, one: Derived) -> None:
        if one.skipped is not None:
            self.skipped.append(one.skipped)
            self.aside[one.subscription_id] = one.since
            return
        self.memories[one.key] = one.memory
        self.settled.append(one.subscription_id)
        self.rows += one.rows

    def checkpoint(self, through: int, **fields: Any) -> LedgerCheckpoint:
        return LedgerCheckpoint(
            memories=self.memories,
            aside=self.aside,
            settled=tuple(self.settled),
            skipped=tuple(self.skipped),
            through=through,
            **fields,
        )


def batches_at_once(
    reader: StreamReader,
    derived: Iterable[Derived],
    through: int,
    *,
    is_last: bool,
    without: Iterable[int] = (),
) -> Iterator[Batch]:
    """Rows of subscriptions that are remembered; none of it counts before all are written.

    Args:
        reader: the ledger's.
        derived: the rows.
        through: up to where they were followed, Unix seconds.
        is_last: nothing comes after them in this sync.
        without: keys of subscriptions that are remembered no longer.
    """
    taken = _Taken(memories=dict.fromkeys(without))
    for one in derived:
        if reader.failed.is_set():
            return
        taken.take(one)
        if len(taken.rows) >= _ROWS_IN_ONE_BATCH:
            yield reader.batch(list(taken.rows))
            taken.rows = []
    yield reader.batch(list(taken.rows), taken.checkpoint(through, is_last=is_last))


def batches_by_key(
    reader: StreamReader, derived: Iterable[Derived], through: int
) -> Iterator[Batch]:
    """Rows of a first read, which counts from batch to batch.

    Args:
        reader: the ledger's.
        derived: the rows, in the order of their subscriptions' keys.
        through: up to where they were made, Unix seconds.
    """
    taken = _Taken()
    key: int | None = None
    for one in derived:
        if reader.failed.is_set():
            return
        if key is not None and one.key != key and len(taken.rows) >= _ROWS_IN_ONE_BATCH:
            yield reader.batch(taken.rows, taken.checkpoint(through, written=key))
            taken = _Taken()
        key = one.key
        taken.take(one)
    yield reader.batch(taken.rows, taken.checkpoint(through, is_last=True))
