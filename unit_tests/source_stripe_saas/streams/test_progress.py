"""A state never says more than what has been written."""

import pytest

from source_stripe_saas.streams.checkpoint import CHANGES, Checkpoint, variant_name
from source_stripe_saas.streams.plan import Touch
from source_stripe_saas.streams.position import Backfill, Position
from source_stripe_saas.streams.progress import Progress
from source_stripe_saas.streams.read_mode import FullRead, IncrementalRead
from unit_tests.builders import NOW, a_plan

VARIANTS = ((("active", "true"),), (("active", "false"),))


def reading_all(plan=None, resumed=None, position=None, span=(0, NOW)):
    return Progress(
        plan or a_plan(), FullRead(span, resumed or Backfill(NOW)), position or Position()
    )


def following(plan=None, lookback=None, feed=(NOW - 100, NOW - 60), position=None):
    return Progress(
        plan or a_plan(), IncrementalRead(feed, lookback, NOW - 60), position or Position(NOW - 40)
    )


def test_nothing_written_leaves_a_backfill_that_has_done_nothing():
    assert reading_all().blob() == {"backfill": {"began": NOW, "done": {}}}


def test_spans_count_one_by_one_and_join():
    progress = reading_all()
    progress.apply(Checkpoint(span=(500, NOW)))
    progress.apply(Checkpoint(span=(100, 200)))
    progress.apply(Checkpoint(span=(201, 300)))
    assert progress.blob()["backfill"]["done"] == {"": [[100, 300], [500, NOW]]}
    assert not progress.is_complete()
    assert progress.to_read("", (0, NOW)) == [(301, 499), (0, 99)]


def test_a_finished_backfill_says_how_far_the_feed_is_covered():
    progress = reading_all()
    progress.apply(Checkpoint(span=(0, NOW)))
    assert progress.is_complete()
    assert progress.blob() == {"updated": NOW - 60}


def test_a_resumed_backfill_ends_with_the_moment_of_its_first_attempt():
    first = NOW - 9000
    progress = reading_all(resumed=Backfill(first, {"": [(100, first)]}), span=(0, first))
    progress.apply(Checkpoint(span=(0, 99)))
    assert progress.blob() == {"updated": first - 60}


def test_an_empty_step_changes_nothing():
    progress = reading_all()
    progress.apply(Checkpoint())
    progress.apply(Checkpoint(span=(5, 4)))
    assert progress.blob() == {"backfill": {"began": NOW, "done": {"": []}}}


def test_every_variant_must_be_read():
    progress = reading_all(a_plan(variants=VARIANTS))
    progress.apply(Checkpoint(variant="active=true", span=(0, NOW)))
    assert not progress.is_complete()
    progress.apply(Checkpoint(variant="active=false", span=(0, NOW)))
    assert progress.is_complete()


def test_a_list_without_windows_is_done_when_its_end_was_seen():
    plan = a_plan(created_filter=False)
    progress = reading_all(plan)
    progress.apply(Checkpoint(after="th_9"))
    assert progress.blob()["backfill"]["after"] == {"": "th_9"}
    assert progress.resume_after("") == ("th_9", False)
    progress.apply(Checkpoint(finished=True))
    assert progress.resume_after("") == (None, True)
    assert progress.blob() == {"updated": NOW - 60}


def test_one_finished_variant_of_two_is_kept():
    progress = reading_all(a_plan(created_filter=False, variants=VARIANTS))
    progress.apply(Checkpoint(variant="active=true", finished=True))
    assert progress.blob()["backfill"]["finished"] == ["active=true"]


def test_an_incomplete_follow_keeps_the_old_state():
    progress = following()
    assert progress.blob() == {"updated": NOW - 40}
    progress.apply(Checkpoint(opened=("changes/0", "changes/50"), closed=CHANGES))
    progress.apply(Checkpoint(closed="changes/50"))
    assert progress.blob() == {"updated": NOW - 40}
    progress.apply(Checkpoint(closed="changes/0"))
    assert progress.is_complete()
    assert progress.blob() == {"updated": NOW - 60}


def test_a_follow_needs_both_the_feed_and_the_look_back():
    progress = following(lookback=(NOW - 1000, NOW))
    progress.apply(Checkpoint(closed=CHANGES))
    progress.apply(Checkpoint(span=(NOW - 500, NOW)))
    assert not progress.is_complete()
    progress.apply(Checkpoint(span=(NOW - 1000, NOW - 501)))
    assert progress.is_complete()


def test_the_oldest_open_object_goes_into_the_state():
    progress = following(lookback=(NOW - 1000, NOW), feed=None)
    progress.apply(Checkpoint(span=(NOW - 500, NOW), oldest_open=NOW - 300))
    progress.apply(Checkpoint(span=(NOW - 1000, NOW - 501), oldest_open=NOW - 900))
    assert progress.blob() == {"updated": NOW - 60, "open_since": NOW - 900}


def test_a_look_back_that_finds_nothing_open_forgets_the_old_one():
    progress = following(
        lookback=(NOW - 1000, NOW), feed=None, position=Position(NOW - 40, NOW - 1000)
    )
    assert progress.blob() == {"updated": NOW - 40, "open_since": NOW - 1000}
    progress.apply(Checkpoint(span=(NOW - 1000, NOW)))
    assert progress.blob() == {"updated": NOW - 60}


def test_a_resumed_backfill_keeps_the_open_objects_of_its_first_attempt():
    begun = Backfill(NOW, {"": [(500, NOW)]})
    progress = reading_all(resumed=begun, position=Position(None, 700, begun))
    progress.apply(Checkpoint(span=(0, 499), oldest_open=800))
    assert progress.blob() == {"updated": NOW - 60, "open_since": 700}


def test_children_are_counted_by_their_parents_windows():
    child = a_plan(
        parent=a_plan(), embedded="parts", events=(), parent_touched_by=(Touch("id", ("a.b",)),)
    )
    assert reading_all(child).lists_by_window()
    child = a_plan(parent=a_plan(created_filter=False), embedded="parts")
    assert not reading_all(child).lists_by_window()
    assert not reading_all(a_plan(single=True)).lists_by_window()


@pytest.mark.parametrize(
    ("variant", "name"),
    [((), ""), ((("active", "true"),), "active=true"), ((("a", "1"), ("b", "2")), "a=1&b=2")],
)
def test_a_variant_is_named_by_its_filters(variant, name):
    assert variant_name(variant) == name
