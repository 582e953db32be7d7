"""The CDK's concurrent core, told what a page is.

Only the treatment of queue items differs: a page is written in one go, then its step counts, then
a state may follow, all in the main thread; a stream that fails says so once; the last state comes
ahead of the stream's last status.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from queue import Queue

from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStreamStatus,
    StreamDescriptor,
    TraceType,
)
from airbyte_cdk.models import Type as MessageType
from airbyte_cdk.sources.concurrent_source.concurrent_read_processor import ConcurrentReadProcessor
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.concurrent_source.stream_thread_exception import StreamThreadException
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.partitions.types import QueueItem
from airbyte_cdk.sources.utils.slice_logger import DebugSliceLogger
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message as status_message
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_stripe_saas.engine.cursor import ProgressCursor
from source_stripe_saas.engine.page import Page
from source_stripe_saas.engine.partition import UnitPartition
from source_stripe_saas.streams.work import Unit

_PAGES_IN_QUEUE = 64
"""The CDK bounds its queue by items; at 400 kB a page its 10,000 would be 4 GB."""

_LAST_STATUSES = (AirbyteStreamStatus.COMPLETE, AirbyteStreamStatus.INCOMPLETE)


class PageSource(ConcurrentSource):
    """Reads streams whose records come in pages."""

    on_failure: Callable[[str, Exception], AirbyteTracedException]
    """Explains a stream's failure to whoever can mend it; called once a stream."""

    @classmethod
    def of(
        cls,
        workers: int,
        logger: logging.Logger,
        message_repository: MessageRepository,
        queue: Queue[QueueItem],
        on_failure: Callable[[str, Exception], AirbyteTracedException],
    ) -> PageSource:
        """A core with so many threads, on the queue that the message repository writes to."""
        plain = ConcurrentSource.create(
            num_workers=workers,
            initial_number_of_partitions_to_generate=max(1, workers // 2),
            logger=logger,
            slice_logger=DebugSliceLogger(),
            message_repository=message_repository,
            queue=queue,
        )
        queue.maxsize = _PAGES_IN_QUEUE
        source = cls(
            threadpool=plain._threadpool,
            logger=logger,
            slice_logger=plain._slice_logger,
            queue=queue,
            message_repository=message_repository,
            initial_number_partitions_to_generate=plain._initial_number_partitions_to_generate,
        )
        source.on_failure = on_failure
        return source

    def _handle_item(
        self, queue_item: QueueItem, concurrent_stream_processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        processor = concurrent_stream_processor
        if isinstance(queue_item, Page):
            yield from self._on_page(queue_item, processor)
        elif isinstance(queue_item, StreamThreadException):
            yield from self._on_failure(queue_item, processor)
        else:
            for message in super()._handle_item(queue_item, processor):
                ended = _ended_stream(message)
                if ended is not None:
                    yield _cursor(processor, ended).state_message()
                yield message

    def _on_page(self, page: Page, processor: ConcurrentReadProcessor) -> Iterable[AirbyteMessage]:
        name = page.stream_name
        stream = processor._stream_name_to_instance[name]
        for unit in page.spawned:
            # Before anything else: the page's own unit may end next, and the stream with it.
            processor.on_partition(_partition(page, unit))
        if page.records:
            if processor._record_counter[name] == 0:
                yield status_message(stream.as_airbyte_stream(), AirbyteStreamStatus.RUNNING)
            processor._record_counter[name] += len(page.records)
            yield from page.messages()
        cursor = _cursor(processor, name)
        cursor.apply(page.step)
        state = cursor.due_state()
        if state is not None:
            yield state

    def _on_failure(
        self, failure: StreamThreadException, processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        name, error = failure.stream_name, failure.exception
        if processor._exceptions_per_stream_name.get(name):
            return  # several windows of a stream fail for one reason
        explained = self.on_failure(name, error)
        processor._flag_exception(name, explained)
        self._logger.error(f"Stream {name}: {explained.message}")
        yield explained.as_sanitized_airbyte_message(stream_descriptor=StreamDescriptor(name=name))


def _partition(page: Page, unit: Unit) -> UnitPartition:
    return UnitPartition(page.stream_name, unit, as_lines=page.lines is not None)


def _cursor(processor: ConcurrentReadProcessor, name: str) -> ProgressCursor:
    stream: AbstractStream = processor._stream_name_to_instance[name]
    cursor = stream.cursor
    assert isinstance(cursor, ProgressCursor)
    return cursor


def _ended_stream(message: AirbyteMessage) -> str | None:
    """The stream that a message says has ended, if it says that."""
    trace = message.trace
    if message.type != MessageType.TRACE or trace is None or trace.type != TraceType.STREAM_STATUS:
        return None
    status = trace.stream_status
    if status is None or status.status not in _LAST_STATUSES:
        return None
    return str(status.stream_descriptor.name)
