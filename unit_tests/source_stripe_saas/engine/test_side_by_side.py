"""Reads side by side: order, number at a time, errors, and nobody who takes their messages."""

import threading
import time

import pytest

from source_stripe_saas.engine.side_by_side import Ended, Said, side_by_side


def test_messages_of_each_read_come_in_its_order_and_its_end_is_the_last():
    items = list(side_by_side("abcde", lambda name: iter(range(50)), 3))
    for name in "abcde":
        mine = [item for item in items if item.name == name]
        assert mine == [*(Said(name, number) for number in range(50)), Ended(name)]


@pytest.mark.parametrize("at_a_time", [1, 3])
def test_so_many_reads_run_at_a_time_and_no_more(at_a_time):
    running, most, lock = set(), [], threading.Lock()

    def read(name):
        with lock:
            running.add(name)
            most.append(len(running))
        yield name
        time.sleep(0.02)
        with lock:
            running.remove(name)

    ended = [
        item.name for item in side_by_side("abcdefg", read, at_a_time) if item == Ended(item.name)
    ]
    assert sorted(ended) == list("abcdefg")
    assert max(most) == at_a_time
    if at_a_time == 1:
        assert ended == list("abcdefg")


def test_an_error_ends_its_read_alone():
    problem = ValueError("no")

    def read(name):
        yield 1
        if name == "b":
            raise problem
        yield 2

    items = list(side_by_side("abc", read, 2))
    assert Ended("b", problem) in items
    assert Said("b", 2) not in items
    assert [Ended("a"), Ended("c")] == sorted(
        (item for item in items if isinstance(item, Ended) and item.error is None),
        key=lambda item: item.name,
    )


def test_the_next_name_is_asked_for_only_when_there_is_room():
    asked = []

    def names():
        for name in "abcd":
            asked.append(name)
            yield name

    items = side_by_side(names(), lambda name: iter([name]), 2)
    next(items)
    assert asked == ["a", "b"]
    assert len(list(items)) == 7
    assert asked == list("abcd")


def test_reads_end_when_nobody_takes_their_messages_any_more():
    closed = threading.Event()

    def read(name):
        try:
            while True:
                yield name
        finally:
            closed.set()

    items = side_by_side("a", read, 1)
    next(items)
    items.close()
    assert closed.wait(timeout=5)


def test_a_read_is_not_far_ahead_of_who_takes_its_messages():
    made = []

    def read(name):
        for number in range(1_000):
            made.append(number)
            yield number

    items = side_by_side("a", read, 1)
    next(items)
    time.sleep(0.1)
    assert len(made) < 20
    items.close()
