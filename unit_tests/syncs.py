"""Streams' plans and a fake Stripe -> what one sync writes, thread by thread, step by step.

Stands in for the CDK's core: units run side by side in any order, a unit's batches arrive in its
own order, a batch's step counts after its records, units that it spawns begin after it. A sync can
be cut off after any number of batches, and single units can die on the way.
"""

import json
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from source_stripe_saas.streams.assignment import SyncedStream, assign
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.position import read_position
from source_stripe_saas.streams.progress import Progress
from source_stripe_saas.streams.read_mode import ReadMode, choose_read_mode
from source_stripe_saas.streams.records import RawRecord
from source_stripe_saas.streams.stream_reader import StreamReader

OPEN_SCHEMA = {
    "properties": {
        "id": {"type": ["string"]},
        "object": {"type": ["null", "string"]},
        "created": {"type": ["null", "integer"]},
        "content": {"type": ["null", "integer"]},
    }
}

Choose = Callable[[int], int]
"""A number of possibilities -> the one that happens."""


def in_turn(_possibilities: int) -> int:
    """The oldest unit first, as one thread would do it."""
    return 0


@dataclass
class Sync:
    """What came out."""

    mode: ReadMode
    is_complete: bool = False
    records: list[dict[str, Any]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    """The state after each batch, through JSON as the platform keeps it."""
    written: list[int] = field(default_factory=list)
    """How many records had been written at each of these states."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Objects that the sync lacks -> why."""

    @property
    def state(self) -> dict[str, Any]:
        return self.states[-1]

    @property
    def ids(self) -> list[str]:
        return [record["id"] for record in self.records]


def run_sync(
    plan: StreamPlan, client: Any, state: dict[str, Any] | None = None, **options: Any
) -> Sync:
    """One sync of one stream; takes what `run_syncs` takes."""
    return run_syncs([plan], client, {plan.name: state or {}}, **options)[plan.name]


def run_syncs(
    streams: Sequence[StreamPlan],
    client: Any,
    states: Mapping[str, dict[str, Any]] | None = None,
    *,
    now: int,
    start: int = 0,
    lookback_days: int = 0,
    account_created: int = 0,
    choose: Choose = in_turn,
    stop_after: int | None = None,
    dying: Callable[[int], bool] = lambda _batch: False,
    plans: dict[str, StreamPlan] | None = None,
    schema: dict[str, Any] = OPEN_SCHEMA,
) -> dict[str, Sync]:
    """One sync of some streams.

    Args:
        streams: which, in the order in which they start.
        client: a fake Stripe.
        states: what a former sync left, by stream.
        now: Stripe's clock as the sync begins.
        start: the config's start date.
        lookback_days: the config's.
        account_created: when the account was opened.
        choose: which unit's next batch arrives, or is read ahead.
        stop_after: the process is killed after so many batches.
        dying: called with the number of each batch; True ends its unit before it arrives.
        plans: all streams, for one that falls back on another.
        schema: every stream's.
    """
    members: dict[str, SyncedStream] = {}
    syncs: dict[str, Sync] = {}
    for plan in streams:
        position, _ = read_position((states or {}).get(plan.name, {}))
        mode = choose_read_mode(plan, position, began=now, start=start, lookback_days=lookback_days)
        reader = StreamReader(
            plan, client, began=now, account_created=account_created, plans=plans or {}
        )
        members[plan.name] = SyncedStream(reader, Progress(plan, mode, position), schema)
        syncs[plan.name] = Sync(mode)
        note_state(syncs[plan.name], members[plan.name].progress)
    assignments = assign(list(members.values()))
    running = [
        (task.read(), deque()) for assigned in assignments.values() for task in assigned.tasks
    ]
    batches = 0
    while running:
        if stop_after is not None and batches >= stop_after:
            break
        place = choose(len(running))
        reading, read_ahead = running[place]
        # A thread may be ahead of what the main thread has written; a kill loses that part.
        while len(read_ahead) < 1 + choose(3):
            batch = next(reading, None)
            read_ahead.append(batch)
            if batch is None:
                break
        batch = read_ahead.popleft()
        if batch is None:
            running.pop(place)
            continue
        batches += 1
        if dying(batches):
            running.pop(place)
            continue
        running += [(task.read(), deque()) for task in batch.spawned]
        progress = members[batch.stream].progress
        syncs[batch.stream].records += decoded(batch.records)
        progress.apply(batch.checkpoint)
        note_state(syncs[batch.stream], progress)
    for name, member in members.items():
        syncs[name].is_complete = member.progress.is_complete()
        log = member.progress.skip_log
        syncs[name].skipped = {one.id: one.reason for one in (*log.refused, *log.odd)}
    return syncs


def note_state(sync: Sync, progress: Progress) -> None:
    """Remembers the state that could be printed now, and after how many records."""
    sync.states.append(json.loads(json.dumps(progress.blob())))
    sync.written.append(len(sync.records))


def decoded(records: list[Any]) -> list[dict[str, Any]]:
    """Records as dicts, whether or not they ever were on the way."""
    return [row.decoded() if isinstance(row, RawRecord) else row for row in records]


@contextmanager
def small_pages(size: int, cut_from: int = 2):
    """Lets a handful of objects fill pages, so that few of them show what thousands would."""
    sizes = {
        "PAGE_SIZE": size,
        "_PAGES_WORTH_CUTTING": cut_from,
        "_ROWS_WITH_CALLS_WORTH_CUTTING": 2 * size,
        "_OBJECTS_PER_TASK": 2 * size,
    }
    readers = ("source_stripe_saas.api.", "source_stripe_saas.streams.")
    with ExitStack() as patched:
        for name, value in sizes.items():
            # Wherever it was imported to, it is a name of its own.
            places = [
                module
                for path, module in list(sys.modules.items())
                if path.startswith(readers) and name in vars(module)
            ]
            assert places, f"nothing reads {name} any more"
            for module in places:
                patched.enter_context(patch.object(module, name, value))
        yield


class Warehouse:
    """A destination that keeps one row per key: the one with the highest cursor, then the last."""

    def __init__(self, plan: StreamPlan) -> None:
        self._plan = plan
        self.rows: dict[tuple[Any, ...], dict[str, Any]] = {}

    def load(self, sync: Sync) -> None:
        for record in sync.records:
            key = tuple(record[name] for name in self._plan.primary_key)
            cursor = self._plan.cursor_field
            kept = self.rows.get(key)
            if kept is None or record[cursor] >= kept[cursor]:
                self.rows[key] = record

    def live(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        return {key: row for key, row in self.rows.items() if not row.get("is_deleted")}
