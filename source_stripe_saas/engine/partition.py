"""A unit of work in the place where the CDK wants a partition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import (
    PartitionGenerator,
)
from airbyte_cdk.sources.types import Record

from source_stripe_saas.engine.page import Page
from source_stripe_saas.streams.work import Unit


class UnitPartition(Partition):
    """Reads a unit and turns its batches into pages."""

    def __init__(self, stream_name: str, unit: Unit, *, as_lines: bool) -> None:
        self._stream_name, self._unit, self._as_lines = stream_name, unit, as_lines

    def read(self) -> Iterable[Record]:
        """The unit's pages, in order."""
        for batch in self._unit.read():
            yield Page(
                self._stream_name,
                batch.records,
                batch.step,
                batch.spawned,
                as_lines=self._as_lines,
            )

    def to_slice(self) -> Mapping[str, Any]:
        """What it reads, for the debug log."""
        return {"unit": self._unit.label}

    def stream_name(self) -> str:
        """The stream's name."""
        return self._stream_name

    def __hash__(self) -> int:
        return id(self)


class UnitPartitions(PartitionGenerator):
    """The partitions that a stream's sync starts with."""

    def __init__(
        self, stream_name: str, begin: Callable[[], Iterator[Unit]], *, as_lines: bool
    ) -> None:
        self._stream_name, self._begin, self._as_lines = stream_name, begin, as_lines

    def generate(self) -> Iterable[Partition]:
        """Begins the stream's sync."""
        for unit in self._begin():
            yield UnitPartition(self._stream_name, unit, as_lines=self._as_lines)
