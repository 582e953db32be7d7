"""What was created since the last sync -> its records, whether or not an event told of it.

Some events are never sent. So each list that can be cut by `created` is asked once for what is new;
the changes are worked off after that, and what has been seen here is not fetched again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from source_stripe_saas.api.listing import PAGE_SIZE, ListPage
from source_stripe_saas.api.raw_object import as_dict
from source_stripe_saas.streams.object_fetch import FetchObserver
from source_stripe_saas.streams.records import Made
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.stream_consumer import StreamConsumer
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch, Task
from source_stripe_saas.streams.window import Window


class _Countdown:
    """Counts windows; when the last of them has ended, however it ended, something else begins."""

    def __init__(self, then: Callable[[], Task]) -> None:
        self._then = then
        self._under_way = 0
        self._lock = threading.Lock()

    def begins(self) -> None:
        with self._lock:
            self._under_way += 1

    def ends(self) -> tuple[Task, ...]:
        with self._lock:
            self._under_way -= 1
            is_last = self._under_way == 0
        return (self._then(),) if is_last else ()


@dataclass
class _NewReader(StreamReader):
    """A stream's reader that tells the stream's consumer what it has seen."""

    consumer: StreamConsumer | None = None
    observer: FetchObserver | None = None

    @property
    def names(self) -> tuple[str, ...]:
        observer = (self.observer.name,) if self.observer is not None else ()
        return tuple(dict.fromkeys((*super().names, *observer)))

    def take(
        self, page: ListPage, updated: int, variant: str, span: Span | None
    ) -> Iterator[Batch]:
        """The page's records; its seconds count for nothing: what must be read is the feed."""
        assert self.consumer is not None
        made: list[Made] = list(self.oddities(page))
        for row in page.objects:
            if self.failed.is_set():
                return
            second = self.consumer.second_of(row["id"], updated)
            for one in self.maker.records(row, second):
                self.consumer.saw_child(one)
                made.append(one)
            if len(made) >= 5 * PAGE_SIZE:
                yield self.batch(made)
                made = []
        yield self.batch(made)
        belongs_to = self.plan.reread_for.named_by if self.plan.reread_for else None
        for row in page.objects:
            self.consumer.seen.add(row["id"])
            if belongs_to is not None and isinstance(row.get(belongs_to), str):
                self.consumer.named.add(row[belongs_to])
            if self.observer is not None and self.plan.parent is None:
                self.observer.observe(self.plan.path, row["id"], as_dict(row))


def _no_countdown() -> _Countdown:
    raise AssertionError("a window of new objects needs a countdown")


@dataclass(frozen=True)
class _NewWindow(Window):
    """A window that counts, with all that is split off from it."""

    countdown: _Countdown = field(default_factory=_no_countdown)

    def read(self) -> Iterator[Batch]:
        try:
            for batch in super().read():
                for _ in batch.spawned:
                    self.countdown.begins()
                yield batch
        except Exception:
            # Other streams of the family may be allowed all that they need.
            yield self.reader.batch(spawned=self.countdown.ends())
            raise
        yield self.reader.batch(spawned=self.countdown.ends())


def new_object_tasks(
    consumers: Sequence[StreamConsumer],
    observer: FetchObserver | None,
    then: Callable[[], Task],
) -> tuple[Task, ...]:
    """The windows that list what is new for a family of streams.

    Args:
        consumers: the family's streams.
        observer: who needs to see the objects, too.
        then: gives what begins when all windows have ended.
    """
    countdown = _Countdown(then)
    groups: dict[object, list[StreamConsumer]] = {}
    for consumer in consumers:
        plan = consumer.plan
        if consumer.new is not None:
            key: object = (plan.name, consumer.new)
            if plan.call is None and plan.variants == ((),):
                key = consumer.new
            groups.setdefault(key, []).append(consumer)
    windows = [
        window for group in groups.values() for window in _windows(group, observer, countdown)
    ]
    for _ in windows:
        countdown.begins()
    return tuple(windows)


def _windows(
    group: Sequence[StreamConsumer], observer: FetchObserver | None, countdown: _Countdown
) -> list[_NewWindow]:
    plans = [consumer.plan for consumer in group]
    readers = [_reader(consumer, observer).sharing(plans) for consumer in group]
    leader = replace(readers[-1], fed=tuple(readers[:-1]))
    span = group[0].new
    assert span is not None
    return [
        _NewWindow(leader, variant, span, leader.began, countdown=countdown)
        for variant in leader.plan.variants
    ]


def _reader(consumer: StreamConsumer, observer: FetchObserver | None) -> StreamReader:
    known = consumer.reader
    return _NewReader(
        known.plan,
        known.client,
        known.began,
        account_created=known.account_created,
        plans=known.plans,
        slots=known.slots,
        failed=known.failed,
        rules=known.rules,
        carried_before=known.carried_before,
        test_clocks=known.clocks,
        consumer=consumer,
        observer=observer,
    )
