"""The CDK's concurrent core, taught what a page is.

Only the treatment of queue items differs: a page is written in one go, then its checkpoint counts,
then a state may follow, all in the main thread; a stream that fails says so once; the last state
comes ahead of the stream's last status.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
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
from airbyte_cdk.sources.streams.concurrent.partitions.types import (
    PartitionCompleteSentinel,
    QueueItem,
)
from airbyte_cdk.sources.utils.slice_logger import DebugSliceLogger
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message as status_message
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_stripe_saas.engine.cursor import ProgressCursor
from source_stripe_saas.engine.page import Page
from source_stripe_saas.engine.partition import Placeholder, TaskFailed, TaskPartition
from source_stripe_saas.engine.shutdown import Stopped

_PAGES_IN_QUEUE = 12
"""The CDK bounds its queue by items; at 400 kB a page its 10,000 would be 4 GB."""

_LAST_STATUSES = (AirbyteStreamStatus.COMPLETE, AirbyteStreamStatus.INCOMPLETE)


@dataclass(frozen=True)
class Stop:
    """A queue item: what lies in the queue behind it is not written any more."""

    number: int
    """Of the signal."""


class PageSource(ConcurrentSource):
    """Reads streams whose records come in pages."""

    on_failure: Callable[[str, Exception], AirbyteTracedException]
    """Makes the error that a stream's failure is reported as; called once a stream."""
    records_written: int
    complete: set[str]
    """Streams that were read to their end."""
    _is_reading: bool
    _ended: set[str]
    _kept_open: dict[object, list[Placeholder]]
    """A stream's name or a partition -> what keeps those streams open that wait for its end."""

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
        source._ended = set()
        source._kept_open = {}
        source.records_written = 0
        source.complete = set()
        source._is_reading = False
        return source

    def is_backed_up(self) -> bool:
        """True while pages are read faster than they are written."""
        return self._queue.qsize() >= _PAGES_IN_QUEUE // 2

    def stop(self, number: int) -> bool:
        """Ends the read as soon as what lies in the queue has been written; from any thread.

        Args:
            number: of the signal that asks for it.

        Returns:
            False if there is no read.
        """
        if self._is_reading:
            self._queue.put(Stop(number))  # type: ignore[arg-type]
        return self._is_reading

    def _handle_item(
        self, queue_item: QueueItem, concurrent_stream_processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        processor = concurrent_stream_processor
        self._is_reading = True
        if isinstance(queue_item, Page):
            yield from self._on_page(queue_item, processor)
        elif isinstance(queue_item, Stop):
            yield from self._on_stop(queue_item, processor)
        elif isinstance(queue_item, StreamThreadException):
            yield from self._on_failure(queue_item, processor)
        elif isinstance(queue_item, Placeholder):
            if queue_item.leader not in self._ended:
                self._keep_open(queue_item, queue_item.leader, processor)
        elif isinstance(queue_item, TaskPartition):
            self._submit(queue_item, processor)
        else:
            yield from self._passed_on(super()._handle_item(queue_item, processor), processor)
            if isinstance(queue_item, PartitionCompleteSentinel):
                yield from self._let_go(queue_item.partition, processor)

    def _submit(self, partition: TaskPartition, processor: ConcurrentReadProcessor) -> None:
        """Gives a task to the threads; no stream that it serves ends before it does."""
        processor.on_partition(partition)
        for name in partition.also_serves:
            holder = Placeholder(name, partition.stream_name())
            self._keep_open(holder, partition, processor)

    def _keep_open(
        self, holder: Placeholder, until: object, processor: ConcurrentReadProcessor
    ) -> None:
        """Keeps a stream open until a stream (by its name) or a partition has ended."""
        processor._streams_to_running_partitions[holder.stream_name()].add(holder)
        self._kept_open.setdefault(until, []).append(holder)

    def _let_go(
        self, ended: object, processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        """Lets the streams end that were kept open until this had ended."""
        for holder in self._kept_open.pop(ended, ()):
            sentinel = PartitionCompleteSentinel(holder)
            messages = processor.on_partition_complete_sentinel(sentinel)
            yield from self._passed_on(messages, processor)

    def _passed_on(
        self, messages: Iterable[AirbyteMessage], processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        """The core's messages; ahead of a stream's end its last state, after it those it fed."""
        for message in messages:
            ended = _ended_stream(message)
            if ended is None:
                yield message
                continue
            yield _cursor(processor, ended).state_message()
            yield message
            self._ended.add(ended)
            if _is_complete(message):
                self.complete.add(ended)
            yield from self._let_go(ended, processor)

    def _on_page(self, page: Page, processor: ConcurrentReadProcessor) -> Iterable[AirbyteMessage]:
        name = page.stream_name
        stream = processor._stream_name_to_instance[name]
        for task in page.spawned:
            # Before anything else: the page's own task may end next, and the stream with it.
            self._submit(TaskPartition(task, page.page_format), processor)
        cursor = _cursor(processor, name)
        if page.records:
            if processor._record_counter[name] == 0:
                yield status_message(stream.as_airbyte_stream(), AirbyteStreamStatus.RUNNING)
                opening = cursor.opening_state()
                if opening is not None:
                    yield opening
            processor._record_counter[name] += len(page.records)
            self.records_written += len(page.records)
            yield from page.messages()
        cursor.apply(page.checkpoint)
        state = cursor.due_state()
        if state is not None:
            yield state

    def _on_stop(self, stop: Stop, processor: ConcurrentReadProcessor) -> Iterable[AirbyteMessage]:
        """Each stream's last true state, and that it is incomplete."""
        for name, stream in processor._stream_name_to_instance.items():
            if name not in self._ended:
                yield _cursor(processor, name).state_message()
                yield status_message(stream.as_airbyte_stream(), AirbyteStreamStatus.INCOMPLETE)
        raise Stopped(stop.number)

    def _on_failure(
        self, failure: StreamThreadException, processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        error = failure.exception
        names: tuple[str, ...] = (failure.stream_name,)
        if isinstance(error, TaskFailed):
            names, error = error.streams, error.error
        for name in names:
            if processor._exceptions_per_stream_name.get(name):
                continue  # several windows of a stream fail for one reason
            explained = self.on_failure(name, error)
            processor._flag_exception(name, explained)
            self._logger.error(f"Stream {name}: {explained.message}")
            descriptor = StreamDescriptor(name=name)
            yield explained.as_sanitized_airbyte_message(stream_descriptor=descriptor)


def _cursor(processor: ConcurrentReadProcessor, name: str) -> ProgressCursor:
    stream: AbstractStream = processor._stream_name_to_instance[name]
    cursor = stream.cursor
    assert isinstance(cursor, ProgressCursor)
    return cursor


def _is_complete(message: AirbyteMessage) -> bool:
    """True for the last status of a stream that was read to its end."""
    status = message.trace.stream_status if message.trace else None
    return status is not None and status.status == AirbyteStreamStatus.COMPLETE


def _ended_stream(message: AirbyteMessage) -> str | None:
    """The stream that a message says has ended, if it says that."""
    trace = message.trace
    if message.type != MessageType.TRACE or trace is None or trace.type != TraceType.STREAM_STATUS:
        return None
    status = trace.stream_status
    if status is None or status.status not in _LAST_STATUSES:
        return None
    return str(status.stream_descriptor.name)
