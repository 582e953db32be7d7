"""What a thread reads in one go, and the batches that it hands over.

A batch is written out before its checkpoint counts and before the tasks that it spawns begin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from source_stripe_saas.streams.checkpoint import Checkpoint
from source_stripe_saas.streams.records import AnyRecord


class Task(Protocol):
    """Something to read, in one thread."""

    @property
    def label(self) -> str:
        """What it reads, for the debug log."""
        ...

    @property
    def serves(self) -> tuple[str, ...]:
        """The streams that cannot be complete if it fails; its own comes first."""
        ...

    def read(self) -> Iterator[Batch]:
        """Yields batches; ends early, without its last checkpoint, once the stream has failed."""
        ...


@dataclass
class Batch:
    """Records of one stream, what they complete, and further tasks."""

    stream: str

    records: list[AnyRecord] = field(default_factory=list)
    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    spawned: tuple[Task, ...] = ()
