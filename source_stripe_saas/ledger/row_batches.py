"""Derived rows -> batches of them, each with what the ledger's state may say once it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from source_stripe_saas.ledger.deriver import Derived
from source_stripe_saas.ledger.memory import Memory
from source_stripe_saas.ledger.progress import LedgerCheckpoint
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch

_ROWS_IN_ONE_BATCH = 500


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
    memories: dict[int, Memory | None] = dict.fromkeys(without)
    rows: list[dict[str, Any]] = []
    for one in derived:
        if reader.failed.is_set():
            return
        memories[one.key] = one.memory
        rows += one.rows
        if len(rows) >= _ROWS_IN_ONE_BATCH:
            yield reader.batch(list(rows))
            rows = []
    checkpoint = LedgerCheckpoint(memories=memories, through=through, is_last=is_last)
    yield reader.batch(list(rows), checkpoint)


def batches_by_key(
    reader: StreamReader, derived: Iterable[Derived], through: int
) -> Iterator[Batch]:
    """Rows of a first read, which counts from batch to batch.

    Args:
        reader: the ledger's.
        derived: the rows, in the order of their subscriptions' keys.
        through: up to where they were made, Unix seconds.
    """
    memories: dict[int, Memory | None] = {}
    rows: list[dict[str, Any]] = []
    key: int | None = None
    for one in derived:
        if reader.failed.is_set():
            return
        if key is not None and one.key != key and len(rows) >= _ROWS_IN_ONE_BATCH:
            checkpoint = LedgerCheckpoint(memories=memories, through=through, written=key)
            yield reader.batch(list(rows), checkpoint)
            memories, rows = {}, []
        key = one.key
        memories[one.key] = one.memory
        rows += one.rows
    checkpoint = LedgerCheckpoint(memories=memories, through=through, is_last=True)
    yield reader.batch(list(rows), checkpoint)
