"""Which way a stream is read follows from its state and from Stripe's clock alone."""

from dataclasses import replace

import pytest

from source_stripe_saas.streams.plan import Touch
from source_stripe_saas.streams.position import Backfill, Position
from source_stripe_saas.streams.read_mode import FullRead, IncrementalRead, choose_read_mode
from unit_tests.builders import DAY, NOW, PLANS, a_plan

SILENT = a_plan(events=(), deletion_events=(), lookback_days=1)
CHILD = a_plan(parent=a_plan(), embedded="parts", parent_touched_by=(Touch("id", ("thing.x",)),))


def mode(position=None, plan=None, **options):
    return choose_read_mode(plan or a_plan(), position or Position(), began=NOW, **options)


def test_without_a_state_everything_up_to_now_is_listed():
    assert mode() == FullRead((0, NOW), Backfill(NOW))
    assert mode(start=77) == FullRead((77, NOW), Backfill(NOW))


def test_with_a_state_the_feed_is_read_with_an_overlap_and_behind_now():
    chosen = mode(Position(NOW - 5000))
    new = (NOW - 5060 - 600, NOW)
    assert chosen == IncrementalRead((NOW - 5060, NOW - 60), None, NOW - 60, new=new)


def test_a_state_that_is_nearly_now_is_not_taken_back():
    new = (NOW - 70 - 600, NOW)
    chosen = mode(Position(NOW - 10))
    assert chosen == IncrementalRead((NOW - 70, NOW - 10), None, NOW - 10, new=new)


# The margin: events may vanish while they are being read, and the overlap belongs to the feed.
LAST_GOOD = NOW - 30 * DAY + 3600 + 60


def test_a_state_within_thirty_days_is_followed():
    assert isinstance(mode(Position(LAST_GOOD)), IncrementalRead)


def test_a_state_older_than_thirty_days_means_reading_all_and_says_why():
    chosen = mode(Position(LAST_GOOD - 1))
    assert (chosen.span, chosen.resumed) == ((0, NOW), Backfill(NOW))
    assert chosen.reason == "its state is older than the 30 days that Stripe keeps events for"


def test_a_stream_without_events_follows_a_state_of_any_age():
    chosen = mode(Position(NOW - 90 * DAY), SILENT)
    assert chosen == IncrementalRead(None, (NOW - 90 * DAY - 60 - DAY, NOW), NOW - 60)


def test_a_state_in_the_future_means_reading_all_and_says_why():
    assert "future" in mode(Position(NOW + DAY + 1)).reason
    assert isinstance(mode(Position(NOW + DAY)), IncrementalRead), "clocks may differ a little"


def test_an_interrupted_backfill_keeps_its_first_moment_and_what_it_did():
    begun = Backfill(NOW - 5 * DAY, {"": [(10, 20)]})
    chosen = mode(Position(backfill=begun), start=5)
    assert chosen == FullRead((5, NOW - 5 * DAY), begun)


@pytest.mark.parametrize("began", [-5, 0, 99, NOW + DAY + 1, 10**30])
def test_a_backfill_that_cannot_have_begun_then_begins_anew_and_says_why(began):
    chosen = mode(Position(backfill=Backfill(began, {"": [(0, 20)]})), SILENT, start=100)
    assert (chosen.span, chosen.resumed) == ((100, NOW), Backfill(NOW))
    assert "at a time that cannot be" in chosen.reason


def test_a_backfill_abandoned_for_thirty_days_begins_again_and_says_why():
    begun = Backfill(LAST_GOOD - 1, {"": [(10, 20)]})
    chosen = mode(Position(backfill=begun))
    assert (chosen.span, chosen.resumed) == ((0, NOW), Backfill(NOW))
    assert "never ended" in chosen.reason
    begun = Backfill(LAST_GOOD, {"": [(10, 20)]})
    assert mode(Position(backfill=begun)).resumed is begun


def test_an_abandoned_backfill_of_a_stream_without_events_is_resumed_at_any_age():
    begun = Backfill(NOW - 90 * DAY, {"": [(10, 20)]})
    assert mode(Position(backfill=begun), SILENT).resumed is begun


def test_a_full_refresh_ignores_a_finished_state_and_resumes_an_unfinished_one():
    assert mode(Position(NOW - 9), from_scratch=True) == FullRead((0, NOW), Backfill(NOW))
    begun = Backfill(NOW - 9, {"": [(10, 20)]})
    assert mode(Position(backfill=begun), from_scratch=True).resumed is begun


@pytest.mark.parametrize("plan", [a_plan(full_refresh=True), a_plan(single=True)])
def test_a_stream_that_cannot_follow_reads_all_whatever_its_state(plan):
    assert mode(Position(NOW - 9), plan) == FullRead((0, NOW), Backfill(NOW))


def test_objects_that_stripe_forgets_are_listed_no_further_back():
    events = PLANS["events"]
    assert mode(plan=events).span == (NOW - 30 * DAY, NOW)
    assert mode(plan=events, start=NOW - 5).span == (NOW - 5, NOW)
    followed = mode(Position(NOW - 40 * DAY), events)
    forgotten = (NOW - 40 * DAY + 1, NOW - 30 * DAY - 1)
    assert followed == IncrementalRead(None, (NOW - 30 * DAY, NOW), NOW - 60, forgotten)


def test_what_changes_silently_is_listed_again_from_the_oldest_open_object():
    chosen = mode(Position(NOW - 5000, open_since=NOW - 9 * DAY), SILENT)
    assert chosen.lookback == (NOW - 9 * DAY, NOW)
    chosen = mode(Position(NOW - 5000, open_since=NOW - 9), SILENT)
    assert chosen.lookback == (NOW - 5060 - DAY, NOW), "the look-back reaches further"


def test_the_users_own_look_back_lists_again_beside_the_feed():
    assert mode(Position(NOW - 5000), lookback_days=3) == IncrementalRead(
        (NOW - 5060, NOW - 60), (NOW - 5060 - 3 * DAY, NOW), NOW - 60
    )


def test_the_longer_look_back_counts():
    plan = a_plan(lookback_days=2)
    assert mode(Position(NOW - 60), plan, lookback_days=1).lookback[0] == NOW - 120 - 2 * DAY
    assert mode(Position(NOW - 60), plan, lookback_days=5).lookback[0] == NOW - 120 - 5 * DAY


def test_children_that_their_parents_hold_are_looked_back_at_with_them():
    chosen = mode(Position(NOW - 5000), CHILD, lookback_days=3)
    assert chosen.lookback == (NOW - 5060 - 3 * DAY, NOW)


def test_children_that_cost_a_request_each_have_no_look_back():
    plan = replace(CHILD, embedded=None, call="things/{id}/parts")
    assert mode(Position(NOW - 5000), plan, lookback_days=3).lookback is None


def test_lists_without_a_created_filter_have_no_look_back():
    plan = a_plan(created_filter=False)
    assert mode(Position(NOW - 5000), plan, lookback_days=3).lookback is None


@pytest.mark.parametrize("name", [name for name, plan in PLANS.items() if plan.is_incremental])
def test_every_incremental_stream_reads_something_when_it_follows(name):
    chosen = mode(Position(NOW - DAY), PLANS[name])
    assert chosen.feed is not None or chosen.lookback is not None


def test_events_between_the_state_and_what_stripe_keeps_are_known_to_be_lost():
    events = PLANS["events"]
    kept = NOW - 30 * DAY
    assert mode(Position(kept - 100), events).forgotten == (kept - 99, kept - 1)
    assert mode(Position(kept), events).forgotten is None
    assert mode(None, events) == FullRead((kept, NOW), Backfill(NOW)), "a first read lacks nothing"
