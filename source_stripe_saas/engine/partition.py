"""A task in the place where the CDK wants a partition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import (
    PartitionGenerator,
)
from airbyte_cdk.sources.types import Record

from source_stripe_saas.engine.page import Page, PageFormat
from source_stripe_saas.streams.task import Task


class TaskFailed(Exception):
    """A task could not be read to its end; names all streams that now lack something."""

    def __init__(self, error: Exception, streams: tuple[str, ...]) -> None:
        super().__init__(str(error))
        self.error, self.streams = error, streams


class TaskPartition(Partition):
    """Reads a task and turns its batches into pages."""

    def __init__(self, task: Task, page_format: PageFormat) -> None:
        self._task, self._page_format = task, page_format

    def read(self) -> Iterable[Record]:
        """The task's pages, in order.

        Raises:
            UnitFailed: any error, with the streams that it affects.
        """
        try:
            for batch in self._task.read():
                yield Page(batch, self._page_format)
        except Exception as error:
            raise TaskFailed(error, self._task.serves) from error

    @property
    def also_serves(self) -> tuple[str, ...]:
        """Other streams that its pages may be for."""
        return self._task.serves[1:]

    def to_slice(self) -> Mapping[str, Any]:
        """What it reads, for the debug log."""
        return {"task": self._task.label}

    def stream_name(self) -> str:
        return self._task.serves[0]

    def __hash__(self) -> int:
        return id(self)


class Placeholder(Partition):
    """Keeps a stream open without a thread, while another stream's tasks read for it."""

    def __init__(self, stream_name: str, leader: str) -> None:
        self._stream_name = stream_name
        self.leader = leader
        """The stream that reads for it."""

    def read(self) -> Iterable[Record]:
        """Nothing; it is never given to a thread."""
        return ()

    def to_slice(self) -> Mapping[str, Any]:
        """The leader, for the debug log."""
        return {"fed by": self.leader}

    def stream_name(self) -> str:
        return self._stream_name

    def __hash__(self) -> int:
        return id(self)


class TaskPartitions(PartitionGenerator):
    """The partitions that a stream's sync starts with."""

    def __init__(
        self, begin: Callable[[], Iterator[Task | Placeholder]], page_format: PageFormat
    ) -> None:
        self._begin, self._page_format = begin, page_format

    def generate(self) -> Iterable[Partition]:
        for first in self._begin():
            if isinstance(first, Placeholder):
                yield first
            else:
                yield TaskPartition(first, self._page_format)
