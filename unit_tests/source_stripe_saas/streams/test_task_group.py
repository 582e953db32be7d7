"""What begins after a group of tasks, and which tasks count."""

from dataclasses import dataclass

import pytest

from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch
from source_stripe_saas.streams.task_group import TaskGroup
from unit_tests.builders import NOW, a_plan


@dataclass
class Planned:
    """A task that yields what it is told to."""

    label: str
    serves: tuple = ("things",)
    spawned: tuple = ()
    error: Exception | None = None

    def read(self):
        yield Batch(self.serves[0], spawned=self.spawned)
        if self.error is not None:
            raise self.error


def a_group(then=()):
    return TaskGroup(StreamReader(a_plan(), None, began=NOW), lambda: then)


def spawned(task):
    """Labels of what a task's batches bring, and the tasks themselves."""
    tasks = [task for batch in task.read() for task in batch.spawned]
    return [task.label for task in tasks], tasks


LAST = Planned("last")


def test_what_comes_after_a_group_begins_once_with_its_last_task():
    group = a_group((LAST,))
    tasks = [group.add(Planned(name)) for name in "abc"]
    assert [spawned(task)[0] for task in tasks] == [[], [], ["last"]]


def test_what_comes_after_a_group_waits_for_tasks_that_its_tasks_spawn():
    group = a_group((LAST,))
    labels, [inner] = spawned(group.add(Planned("outer", spawned=(Planned("inner"),))))
    assert labels == ["inner"]
    assert spawned(inner)[0] == ["last"]


def test_a_spawned_task_that_serves_other_streams_alone_is_not_waited_for():
    group = a_group((LAST,))
    foreign = Planned("foreign", serves=("others",))
    labels, [same, _] = spawned(group.add(Planned("mixed", ("others", "things"), (foreign,))))
    assert labels == ["foreign", "last"]
    assert same is foreign


def test_a_task_that_fails_keeps_the_rest_from_beginning():
    group = a_group((LAST,))
    broken, sound = (
        group.add(Planned("broken", error=ValueError("broken off"))),
        group.add(Planned("sound")),
    )
    with pytest.raises(ValueError, match="broken off"):
        spawned(broken)
    assert spawned(sound)[0] == []


def test_a_task_is_counted_once_however_often_it_is_added():
    group = a_group((LAST,))
    task = group.add(Planned("a"))
    assert group.add(task) is task
    assert spawned(task)[0] == ["last"]


def test_a_task_may_belong_to_two_groups():
    inner, outer = a_group((Planned("after inner"),)), a_group((Planned("after outer"),))
    labels, [task] = spawned(outer.add(inner.add(Planned("a"))))
    assert labels == ["after inner"]
    assert spawned(task)[0] == ["after outer"]


def test_what_comes_next_is_its_own_streams_whoever_the_last_task_belongs_to():
    group = a_group((LAST,))
    batches = list(group.add(Planned("a", ("others", "things"))).read())
    assert [batch.stream for batch in batches] == ["others", "things"]
