"""The streams of one sync -> who reads for whom, so that nothing is asked for twice.

A parent's list serves the children that its objects hold; one pass over the change feed serves all
that follow it. Of the streams in a crew the last one leads: by then all of them have started.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from source_stripe_saas.streams.changes import FeedPass, Follower
from source_stripe_saas.streams.gap import Gap
from source_stripe_saas.streams.progress import Progress, variant_name
from source_stripe_saas.streams.roll import Roll
from source_stripe_saas.streams.route import Follow, ReadAll, Route
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.window import Window
from source_stripe_saas.streams.work import StreamWork, Unit


@dataclass(frozen=True)
class Member:
    """A stream that this sync reads."""

    work: StreamWork
    progress: Progress
    schema: Mapping[str, Any]
    follower: Follower | None = None
    """How it follows the feed, if not as streams of objects do."""

    @property
    def name(self) -> str:
        """The stream's name."""
        return self.work.plan.name


@dataclass
class Assignment:
    """What one stream begins with."""

    units: list[Unit] = field(default_factory=list)
    leaders: set[str] = field(default_factory=set)
    """The streams that read for it."""


def assign(members: Sequence[Member]) -> dict[str, Assignment]:
    """Gives each stream its first units, and the streams that feed it.

    Args:
        members: the sync's streams in the order in which they start.
    """
    assignments = {member.name: Assignment() for member in members}
    for crew in _crews(members):
        leader = crew[-1]
        for member in crew[:-1]:
            if member.name != leader.name:
                assignments[member.name].leaders.add(leader.name)
        assignments[leader.name].units += _listing_units(crew)
    followers = [member for member in members if _feed_of(member) is not None]
    if followers:
        leader = followers[-1]
        for member in followers[:-1]:
            assignments[member.name].leaders.add(leader.name)
        # The leader's own name must come first: it is the one that the unit runs under.
        ordered = (leader, *followers[:-1])
        assignments[leader.name].units.insert(0, FeedPass(tuple(map(_follower, ordered))))
    for member in members:
        assignments[member.name].units += _own_units(member)
    return assignments


def _feed_of(member: Member) -> tuple[int, int] | None:
    route = member.progress.route
    return route.feed if isinstance(route, Follow) else None


def _follower(member: Member) -> Follower:
    route = member.progress.route
    assert isinstance(route, Follow)
    assert route.feed is not None
    if member.follower is not None:
        return member.follower
    # Where the manifest has every young object listed again, the feed can leave those out.
    lists_again = route.lookback is not None and member.work.plan.lookback_days > 0
    listed_from = route.lookback[0] if route.lookback and lists_again else None
    return Follower(member.work, route.feed, listed_from, member.schema)


def _crews(members: Sequence[Member]) -> list[list[Member]]:
    """Streams whose records come from the same objects of the same list, in the same state."""
    crews: dict[object, list[Member]] = {}
    for member in members:
        plan, route = member.work.plan, member.progress.route
        if _span(route) is None or not member.progress.lists_by_window():
            continue
        key: object = (plan.name, plan.path, plan.params, _span(route))
        if plan.call is None and plan.variants == ((),):
            done = route.resumed if isinstance(route, ReadAll) else None
            source = plan.parent or plan
            key = (source.path, source.params, _span(route), repr(done))
        crews.setdefault(key, []).append(member)
    return list(crews.values())


def _span(route: Route) -> Span | None:
    """The `created` span that is listed."""
    return route.span if isinstance(route, ReadAll) else route.lookback


def _listing_units(crew: Sequence[Member]) -> list[Unit]:
    """The windows of a first read, or of a look-back, for all streams of a crew at once."""
    leader = crew[-1]
    route = leader.progress.route
    plans = [member.work.plan for member in crew]
    works = [member.work.sharing(plans) for member in crew]
    work = replace(works[-1], fed=tuple(works[:-1]))
    span = _span(route)
    assert span is not None
    updated = route.resumed.began if isinstance(route, ReadAll) else work.began
    windows = [
        Window(work, variant, gap, updated)
        for variant in work.plan.variants
        for gap in leader.progress.to_read(variant_name(variant), span)
    ]
    for window in windows:
        for served in window.work.served:
            served.begins()
    return list(windows)


def _own_units(member: Member) -> Iterator[Unit]:
    """What a stream reads that no other could use."""
    work, progress = member.work, member.progress
    route = progress.route
    if isinstance(route, ReadAll) and not progress.lists_by_window():
        for variant in work.plan.variants:
            after, finished = progress.resume_after(variant_name(variant))
            if not finished:
                yield Roll(work, variant, route.resumed.began, after)
    if isinstance(route, Follow) and route.forgotten is not None:
        yield Gap(work.plan.name, route.forgotten)
