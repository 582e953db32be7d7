"""The streams of one sync -> which task reads for which streams; nothing is asked for twice.

A parent's list serves the children that its objects hold; one pass over the change feed serves all
that follow it. Of the streams in a group the last one leads: by then all of them have started.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from source_stripe_saas.streams.carrier_progress import CarrierProgress
from source_stripe_saas.streams.checkpoint import CLOCKS, variant_name
from source_stripe_saas.streams.clock_lists import ClockLists
from source_stripe_saas.streams.feed_pass import FeedConsumer, FeedPass
from source_stripe_saas.streams.full_list import FullList
from source_stripe_saas.streams.progress import Progress, spans_listed
from source_stripe_saas.streams.read_mode import FullRead, IncrementalRead
from source_stripe_saas.streams.retention_gap import RetentionGap
from source_stripe_saas.streams.slow_reread import SlowReread
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.stream_consumer import StreamConsumer
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Task
from source_stripe_saas.streams.window import Window


@dataclass(frozen=True)
class SyncedStream:
    """A stream that this sync reads."""

    reader: StreamReader
    progress: Progress | CarrierProgress
    schema: Mapping[str, Any]
    consumer: FeedConsumer | None = None
    """How it follows the feed, if not as streams of objects do."""
    reread: tuple[Span, int] | None = None
    """The part of the past whose turn it is to be read again, and where the past begins."""

    @property
    def name(self) -> str:
        return self.reader.plan.name


@dataclass
class Assignment:
    """What one stream begins with."""

    tasks: list[Task] = field(default_factory=list)
    leaders: set[str] = field(default_factory=set)
    """The streams that read for it."""


def assign(streams: Sequence[SyncedStream]) -> dict[str, Assignment]:
    """Each stream's first tasks, and the streams that read for it.

    Args:
        streams: the sync's streams in the order in which they start.
    """
    assignments = {stream.name: Assignment() for stream in streams}
    for group, span in _list_groups(streams):
        leader = group[-1]
        for stream in group[:-1]:
            if stream.name != leader.name:
                assignments[stream.name].leaders.add(leader.name)
        assignments[leader.name].tasks += _window_tasks(group, span)
    followers = [stream for stream in streams if _feed_of(stream) is not None]
    if followers:
        leader = followers[-1]
        for stream in followers[:-1]:
            if stream.name != leader.name:
                assignments[stream.name].leaders.add(leader.name)
        # The leader's own name must come first: it is the one that the task runs under.
        ordered = (leader, *followers[:-1])
        assignments[leader.name].tasks.insert(0, FeedPass(tuple(map(_consumer, ordered))))
    for group in _reread_groups(streams):
        leader = group[-1]
        for stream in group[:-1]:
            if stream.name != leader.name:
                assignments[stream.name].leaders.add(leader.name)
        assignments[leader.name].tasks.append(_reread_task(group))
    for stream in streams:
        assignments[stream.name].tasks += _own_tasks(stream)
    return assignments


def _feed_of(stream: SyncedStream) -> tuple[int, int] | None:
    mode = stream.progress.mode
    return mode.feed if isinstance(mode, IncrementalRead) else None


def _consumer(stream: SyncedStream) -> FeedConsumer:
    mode = stream.progress.mode
    assert isinstance(mode, IncrementalRead)
    assert mode.feed is not None
    if stream.consumer is not None:
        return stream.consumer
    # Where the manifest has every young object listed again, the feed can leave those out.
    lists_again = mode.lookback is not None and stream.reader.plan.lookback_days > 0
    listed_from = mode.lookback[0] if mode.lookback and lists_again else None
    return StreamConsumer(
        stream.reader,
        mode.feed,
        stream.schema,
        listed_from,
        # What carries the records is listed, not they.
        new=None if stream.reader.plan.carriers else mode.new,
        retries=stream.progress.position.retries,
    )


def _list_groups(streams: Sequence[SyncedStream]) -> list[tuple[list[SyncedStream], Span]]:
    """Streams whose records come from the same objects of the same list, in the same state."""
    groups: dict[object, tuple[list[SyncedStream], Span]] = {}
    for stream in streams:
        plan, mode = stream.reader.plan, stream.progress.mode
        if not stream.progress.lists_by_window() or plan.carriers:
            continue
        for span in spans_listed(mode):
            key: object = (plan.name, plan.path, plan.params, span)
            if plan.call is None and plan.variants == ((),):
                done = mode.resumed if isinstance(mode, FullRead) else None
                source = plan.parent or plan
                key = (source.path, source.params, span, repr(done))
            groups.setdefault(key, ([], span))[0].append(stream)
    return list(groups.values())


def _window_tasks(group: Sequence[SyncedStream], span: Span) -> list[Task]:
    """The windows of a first read, or of a look-back, for all streams of a group at once."""
    leader = group[-1]
    mode = leader.progress.mode
    plans = [stream.reader.plan for stream in group]
    readers = [stream.reader.sharing(plans) for stream in group]
    reader = replace(readers[-1], fed=tuple(readers[:-1]))
    updated = mode.resumed.began if isinstance(mode, FullRead) else reader.began
    windows: list[Task] = [
        Window(reader, variant, gap, updated)
        for variant in reader.plan.variants
        for gap in leader.progress.to_read(variant_name(variant), span)
    ]
    for served in reader.served:
        windows = [served.counted(window) for window in windows]
    return windows


def _reread_groups(streams: Sequence[SyncedStream]) -> list[list[SyncedStream]]:
    """Streams whose past is read again by the same list, from the same second on."""
    groups: dict[object, list[SyncedStream]] = {}
    for stream in streams:
        plan = stream.reader.plan
        if stream.reread is not None:
            source = plan.parent or plan
            shared = (source.path, source.params, stream.reread)
            key: object = shared if plan.variants == ((),) else (plan.name, stream.reread)
            groups.setdefault(key, []).append(stream)
    return list(groups.values())


def _reread_task(group: Sequence[SyncedStream]) -> Task:
    plans = [stream.reader.plan for stream in group]
    readers = [stream.reader.sharing(plans) for stream in group]
    assert group[0].reread is not None
    due, floor = group[0].reread
    return SlowReread(replace(readers[-1], fed=tuple(readers[:-1])), due, floor)


def _own_tasks(stream: SyncedStream) -> Iterator[Task]:
    """What a stream reads for itself alone."""
    reader, progress = stream.reader, stream.progress
    mode = progress.mode
    if isinstance(mode, FullRead) and not progress.lists_by_window():
        for variant in reader.plan.variants:
            after, finished = progress.resume_after(variant_name(variant))
            if not finished:
                yield FullList(reader, variant, mode.resumed.began, after)
    if CLOCKS in progress.further_tasks:
        assert isinstance(mode, FullRead)
        yield ClockLists(reader, mode.resumed.began)
    if isinstance(mode, IncrementalRead) and mode.forgotten is not None:
        yield RetentionGap(reader.plan.name, mode.forgotten)
