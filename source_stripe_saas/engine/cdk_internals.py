"""Private names of the CDK, for which it has no public way; no other file may touch any.

`test_cdk_internals.py` has a test for each, which says what breaks once the CDK changes it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.concurrent_source.concurrent_read_processor import ConcurrentReadProcessor
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.types import QueueItem


class ItemHandlingSource(ConcurrentSource, ABC):
    """The concurrent core, with the treatment of queue items left to a subclass."""

    @abstractmethod
    def handle_item(
        self, item: QueueItem, processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        """The messages that an item of the queue leads to; called in the main thread.

        Args:
            item: whatever the threads put into the queue.
            processor: the core's books.
        """

    def handle_as_the_core_does(
        self, item: QueueItem, processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        """What the CDK makes of an item."""
        return super()._handle_item(item, processor)

    def _handle_item(
        self, queue_item: QueueItem, concurrent_stream_processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        return self.handle_item(queue_item, concurrent_stream_processor)


def keep_stream_open(processor: ConcurrentReadProcessor, partition: Partition) -> None:
    """Keeps the partition's stream open until `on_partition_complete_sentinel` gets the partition.

    `on_partition` would give it to a thread, which has nothing to read there.
    """
    processor._streams_to_running_partitions[partition.stream_name()].add(partition)


def count_records(processor: ConcurrentReadProcessor, stream_name: str, records: int) -> None:
    """Adds to what the log says of a stream at its end; `on_record` would count a page as one."""
    processor._record_counter[stream_name] += records


def flag_failure(processor: ConcurrentReadProcessor, stream_name: str, error: Exception) -> None:
    """Has a stream end as INCOMPLETE; `on_exception` would log a traceback and write a trace."""
    processor._flag_exception(stream_name, error)
