"""A unit of work in the place where the CDK wants a partition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import (
    PartitionGenerator,
)
from airbyte_cdk.sources.types import Record

from source_stripe_saas.engine.page import Making, Page
from source_stripe_saas.streams.work import Unit


class UnitFailed(Exception):
    """A unit could not be read to its end; names all streams that now lack something."""

    def __init__(self, error: Exception, streams: tuple[str, ...]) -> None:
        super().__init__(str(error))
        self.error, self.streams = error, streams


class UnitPartition(Partition):
    """Reads a unit and turns its batches into pages."""

    def __init__(self, unit: Unit, making: Making) -> None:
        self._unit, self._making = unit, making

    def read(self) -> Iterable[Record]:
        """The unit's pages, in order.

        Raises:
            UnitFailed: whatever went wrong, with whom it hits.
        """
        try:
            for batch in self._unit.read():
                yield Page(batch, self._making)
        except Exception as error:
            raise UnitFailed(error, self._unit.serves) from error

    @property
    def also_serves(self) -> tuple[str, ...]:
        """Other streams that its pages may be for."""
        return self._unit.serves[1:]

    def to_slice(self) -> Mapping[str, Any]:
        """What it reads, for the debug log."""
        return {"unit": self._unit.label}

    def stream_name(self) -> str:
        """The stream's name."""
        return self._unit.serves[0]

    def __hash__(self) -> int:
        return id(self)


class Placeholder(Partition):
    """Keeps a stream open without a thread, while another stream's units feed it."""

    def __init__(self, stream_name: str, leader: str) -> None:
        self._stream_name = stream_name
        self.leader = leader
        """The stream that reads for it."""

    def read(self) -> Iterable[Record]:
        """Nothing; it is never given to a thread."""
        return ()

    def to_slice(self) -> Mapping[str, Any]:
        """Who is waited for."""
        return {"fed by": self.leader}

    def stream_name(self) -> str:
        """The stream's name."""
        return self._stream_name

    def __hash__(self) -> int:
        return id(self)


class UnitPartitions(PartitionGenerator):
    """The partitions that a stream's sync starts with."""

    def __init__(self, begin: Callable[[], Iterator[Unit | Placeholder]], making: Making) -> None:
        self._begin, self._making = begin, making

    def generate(self) -> Iterable[Partition]:
        """Begins the stream's sync."""
        for first in self._begin():
            if isinstance(first, Placeholder):
                yield first
            else:
                yield UnitPartition(first, self._making)
