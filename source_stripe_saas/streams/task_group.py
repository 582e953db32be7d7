"""Tasks that serve one stream, counted; when the last of them has ended, something else begins."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch, Task


class TaskGroup:
    """Counts the tasks that are added to it, and those for its stream that they spawn.

    A task that raises is never counted off, so what was to begin after it does not.
    """

    def __init__(self, reader: StreamReader, then: Callable[[], tuple[Task, ...]]) -> None:
        """An empty group.

        Args:
            reader: of the stream that the tasks serve.
            then: gives what begins at the end; called once, in the last task's thread.
        """
        self._reader, self._then = reader, then
        self._under_way = 0
        self._lock = threading.Lock()

    def add(self, task: Task) -> Task:
        """Counts a task that is about to begin; gives what must be begun in its place."""
        if isinstance(task, _Counted) and task.group is self:
            return task
        with self._lock:
            self._under_way += 1
        return _Counted(task, self)

    def read(self, task: Task) -> Iterator[Batch]:
        for batch in task.read():
            yield replace(batch, spawned=tuple(map(self._joined, batch.spawned)))
        with self._lock:
            self._under_way -= 1
            is_last = self._under_way == 0
        tasks = self._then() if is_last else ()
        if tasks:
            yield self._reader.batch(spawned=tasks)

    def _joined(self, task: Task) -> Task:
        return self.add(task) if self._reader.plan.name in task.serves else task


@dataclass(frozen=True)
class _Counted:
    task: Task
    group: TaskGroup

    @property
    def label(self) -> str:
        return self.task.label

    @property
    def serves(self) -> tuple[str, ...]:
        return self.task.serves

    def read(self) -> Iterator[Batch]:
        return self.group.read(self.task)
