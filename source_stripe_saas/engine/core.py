"""The CDK's concurrent core, taught what a page is.

Only the treatment of queue items differs: a page is written in one go, then its checkpoint counts,
then a state may follow, all in the main thread; a stream that fails says so once; the last state
comes ahead of the stream's last status.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
from airbyte_cdk.sources.concurrent_source.stream_thread_exception import StreamThreadException
from airbyte_cdk.sources.concurrent_source.thread_pool_manager import ThreadPoolManager
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.partitions.types import (
    PartitionCompleteSentinel,
    QueueItem,
)
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message as status_message
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_stripe_saas.engine.cdk_internals import (
    ItemHandlingSource,
    count_records,
    flag_failure,
    keep_stream_open,
)
from source_stripe_saas.engine.cursor import ProgressCursor
from source_stripe_saas.engine.page import Page
from source_stripe_saas.engine.partition import Placeholder, TaskFailed, TaskPartition
from source_stripe_saas.engine.shutdown import Stopped
from source_stripe_saas.streams.skipped import SkipLog

_PAGES_IN_QUEUE = 12
"""The CDK bounds its queue by items; at 400 kB a page its 10,000 would be 4 GB."""

_LAST_STATUSES = (AirbyteStreamStatus.COMPLETE, AirbyteStreamStatus.INCOMPLETE)


@dataclass(frozen=True)
class Stop:
    """A queue item: what lies in the queue behind it is not written any more."""

    number: int
    """Of the signal."""


class PageSource(ItemHandlingSource):
    """Reads streams whose records come in pages."""

    def __init__(
        self,
        workers: int,
        logger: logging.Logger,
        on_failure: Callable[[str, Exception], AirbyteTracedException],
        on_skipped: Callable[[str, SkipLog], AirbyteTracedException],
    ) -> None:
        """A core with so many threads.

        Args:
            workers: at least 1.
            logger: the source's.
            on_failure: makes the error that is reported for a stream, once for each that fails.
            on_skipped: makes the error that names the objects a stream lacks, at its end.
        """
        self._pages: Queue[QueueItem] = Queue(_PAGES_IN_QUEUE)
        super().__init__(
            threadpool=ThreadPoolManager(
                ThreadPoolExecutor(max_workers=workers, thread_name_prefix="worker"), logger
            ),
            logger=logger,
            queue=self._pages,
            message_repository=InMemoryMessageRepository(),
            initial_number_partitions_to_generate=max(1, workers // 2),
        )
        self._log, self._on_failed_stream, self._on_skipped = logger, on_failure, on_skipped
        self._streams: dict[str, AbstractStream] = {}
        self.records_written: Counter[str] = Counter()
        """By stream."""
        self.complete: set[str] = set()
        """Streams that were read to their end."""
        self._is_reading = False
        self._ended: set[str] = set()
        self._failed: set[str] = set()
        self._kept_open: dict[object, list[Placeholder]] = {}
        """A stream's name or a partition -> what keeps those streams open that wait for its end."""

    def read(self, streams: list[AbstractStream]) -> Iterator[AirbyteMessage]:
        """The messages of all streams.

        Raises:
            AirbyteTracedException: some streams were not read to their end.
            Stopped: `stop` was called.
        """
        self._streams = {stream.name: stream for stream in streams}
        yield from super().read(streams)

    def is_backed_up(self) -> bool:
        """True while pages are read faster than they are written."""
        return self._pages.qsize() >= _PAGES_IN_QUEUE // 2

    def stop(self, number: int) -> bool:
        """Ends the read as soon as what lies in the queue has been written; from any thread.

        Args:
            number: of the signal that asks for it.

        Returns:
            False if there is no read.
        """
        if self._is_reading:
            self._pages.put(Stop(number))  # type: ignore[arg-type]
        return self._is_reading

    def handle_item(
        self, item: QueueItem, processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        self._is_reading = True
        if isinstance(item, Page):
            yield from self._on_page(item, processor)
        elif isinstance(item, Stop):
            yield from self._on_stop(item)
        elif isinstance(item, StreamThreadException):
            yield from self._on_failure(item, processor)
        elif isinstance(item, Placeholder):
            if item.leader not in self._ended:
                self._keep_open(item, item.leader, processor)
        elif isinstance(item, TaskPartition):
            self._submit(item, processor)
        else:
            yield from self._passed_on(self.handle_as_the_core_does(item, processor), processor)
            if isinstance(item, PartitionCompleteSentinel):
                yield from self._let_go(item.partition, processor)

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
        keep_stream_open(processor, holder)
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
            cursor = self._cursor(ended)
            if cursor.skip_log:
                yield self._explained(ended, self._on_skipped(ended, cursor.skip_log), processor)
                message = self._status(ended, AirbyteStreamStatus.INCOMPLETE)
            yield cursor.state_message()
            yield message
            self._ended.add(ended)
            if _is_complete(message):
                self.complete.add(ended)
            yield from self._let_go(ended, processor)

    def _on_page(self, page: Page, processor: ConcurrentReadProcessor) -> Iterable[AirbyteMessage]:
        name = page.stream_name
        for task in page.spawned:
            # Before anything else: the page's own task may end next, and the stream with it.
            self._submit(TaskPartition(task, page.page_format), processor)
        cursor = self._cursor(name)
        if page.records:
            if not self.records_written[name]:
                yield self._status(name, AirbyteStreamStatus.RUNNING)
                opening = cursor.opening_state()
                if opening is not None:
                    yield opening
            count_records(processor, name, len(page.records))
            self.records_written[name] += len(page.records)
            yield from page.messages()
        cursor.apply(page.checkpoint)
        state = cursor.due_state()
        if state is not None:
            yield state

    def _on_stop(self, stop: Stop) -> Iterable[AirbyteMessage]:
        """Each stream's last true state, and that it is incomplete."""
        for name in self._streams:
            if name not in self._ended:
                yield self._cursor(name).state_message()
                yield self._status(name, AirbyteStreamStatus.INCOMPLETE)
        raise Stopped(stop.number)

    def _on_failure(
        self, failure: StreamThreadException, processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        error = failure.exception
        names: tuple[str, ...] = (failure.stream_name,)
        if isinstance(error, TaskFailed):
            names, error = error.streams, error.error
        for name in names:
            if name in self._failed:
                continue  # several windows of a stream fail for one reason
            self._failed.add(name)
            yield self._explained(name, self._on_failed_stream(name, error), processor)

    def _explained(
        self, name: str, error: AirbyteTracedException, processor: ConcurrentReadProcessor
    ) -> AirbyteMessage:
        """The trace of why a stream is incomplete; the run ends with an error because of it."""
        flag_failure(processor, name, error)
        self._log.error(f"Stream {name}: {error.message}")
        return error.as_sanitized_airbyte_message(stream_descriptor=StreamDescriptor(name=name))

    def _cursor(self, name: str) -> ProgressCursor:
        cursor = self._streams[name].cursor
        assert isinstance(cursor, ProgressCursor)
        return cursor

    def _status(self, name: str, status: AirbyteStreamStatus) -> AirbyteMessage:
        return status_message(self._streams[name].as_airbyte_stream(), status)


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
