"""What a state from elsewhere, an old one or none, and the settings around it make of a read."""

import pytest

from integration_tests.comparison import missing_and_extra, stale
from integration_tests.connector import MAIN_STREAMS
from integration_tests.destination import Destination
from integration_tests.schemas import assert_fit
from integration_tests.world import a_world

PINNED = "2026-05-27.dahlia"
DAY = 86_400
NO_FEED = ("balance_transactions", "events")


def state_of(name, blob):
    descriptor = {"name": name}
    return {"type": "STREAM", "stream": {"stream_descriptor": descriptor, "stream_state": blob}}


def ids(run, name):
    return sorted(record["id"] for record in run.records.get(name, []))


# -- the change feed, as far back as it goes -------------------------------------------------------


@pytest.fixture(scope="module")
def four_weeks_of_changes(company):
    """A read of all streams from a state that is four weeks old."""
    moment = company.truth.now - 28 * DAY
    states = [state_of(stream["name"], {"updated": moment}) for stream in company.connector.streams]
    run = company.connector.read(states)
    run.assert_complete()
    return run


def test_objects_that_events_of_old_api_versions_name_arrive_in_the_shape_of_today(
    company, four_weeks_of_changes
):
    events = company.truth.events_since(company.truth.now - 28 * DAY)
    old = [event["data"]["object"] for event in events if event["api_version"] != PINNED]
    old_ids = {subject["id"] for subject in old if subject["object"] == "subscription"}
    assert old_ids, "no subscription in an event of an old version: this would show nothing"
    assert any("current_period_end" in subject for subject in old)
    emitted = {row["id"]: row for row in four_weeks_of_changes.records["subscriptions"]}
    assert old_ids <= emitted.keys()
    assert [row["id"] for row in emitted.values() if "current_period_end" in row] == []
    assert_fit(four_weeks_of_changes.records)


def test_four_weeks_of_changes_are_what_a_get_by_id_gives(company, four_weeks_of_changes):
    destination = Destination(company.connector.streams)
    destination.receive(four_weeks_of_changes.messages)
    assert len(destination.tables["subscriptions"].rows) > 20
    assert stale(destination, company.truth) == {}


# -- states of other shapes ------------------------------------------------------------------------


def official_shapes(moment):
    iso = "2020-01-01T00:00:00Z"  # says nothing: it is where a slice began
    sliced = {
        "slices": [{"start_time": iso, "end_time": moment, "most_recent_cursor_value": moment}],
        "state_type": "date-range",
        "use_global_cursor": False,
    }
    partitioned = {
        "use_global_cursor": False,
        "states": [
            {"partition": {"parent_slice": {}}, "cursor": {"updated": moment + 500}},
            {"partition": {"parent_slice": {}}, "cursor": {"updated": moment}},
        ],
        "parent_state": {},
    }
    return {
        "updated": {"updated": moment},
        "created": {"created": moment},
        "slices": sliced,
        "states": partitioned,
    }


@pytest.mark.parametrize("shape", ["created", "slices", "states"])
def test_a_state_of_the_official_connector_is_as_good_as_ours(company, shape):
    moment = company.truth.now - 5 * DAY
    shapes = official_shapes(moment)
    ours = [state_of(name, shapes["updated"]) for name in MAIN_STREAMS]
    official = [state_of(name, shapes[shape]) for name in MAIN_STREAMS]
    expected = company.connector.read(ours, MAIN_STREAMS)
    got = company.connector.read(official, MAIN_STREAMS)
    got.assert_complete()
    assert {name: ids(got, name) for name in MAIN_STREAMS} == {
        name: ids(expected, name) for name in MAIN_STREAMS
    }
    assert got.states == expected.states
    assert 0 < len(ids(got, "subscriptions")) < company.truth.counts()["subscriptions"]["count"]


def test_a_state_that_names_no_time_has_its_stream_read_again_and_says_so_once(company):
    states = [state_of("customers", {"slices": [], "state_type": "date-range"})]
    run = company.connector.read(states, ["customers"])
    run.assert_complete()
    assert ids(run, "customers") == company.truth.counts()["customers"]["ids"]
    said = [line for line in run.logs if "read again" in line["message"]]
    assert len(said) == 1
    assert said[0]["message"].startswith("Stream customers:")


def test_full_refresh_reads_everything_whatever_the_state(company):
    states = [state_of(name, {"updated": company.truth.now - 60}) for name in MAIN_STREAMS]
    run = company.connector.read(states, MAIN_STREAMS, "full_refresh")
    run.assert_complete()
    truth = company.truth.counts()
    assert {name: ids(run, name) for name in MAIN_STREAMS} == {
        name: truth[name]["ids"] for name in MAIN_STREAMS
    }


# -- states that Stripe's events no longer reach ---------------------------------------------------


def test_after_five_weeks_everything_is_read_again_and_said_in_one_line_a_stream(moving_company):
    world = moving_company
    destination = Destination(world.connector.streams)
    names = (*MAIN_STREAMS, *NO_FEED)
    destination.receive(world.connector.read((), names).messages)
    world.advance(35)
    run = world.connector.read(destination.states, names)
    # What Stripe has forgotten of the events, nothing can bring back: that is said, this once.
    assert run.statuses == {
        name: "INCOMPLETE" if name == "events" else "COMPLETE" for name in names
    }
    (error,) = run.errors
    assert "Stream `events` is not complete" in error["message"]
    assert run.code == 1
    truth = world.truth.counts()
    assert {name: ids(run, name) for name in MAIN_STREAMS} == {
        name: truth[name]["ids"] for name in MAIN_STREAMS
    }
    said = [line["message"] for line in run.logs if "older than the 30 days" in line["message"]]
    assert sorted(line.split(":")[0] for line in said) == sorted(
        f"Stream {name}" for name in MAIN_STREAMS
    )
    # Streams that need no events go on from where they were.
    assert len(ids(run, "balance_transactions")) < truth["balance_transactions"]["count"]
    destination.receive(run.messages)
    for name, problem in missing_and_extra(destination, world.truth, names).items():
        # What was deleted in between, no list and no event tells of any more.
        assert problem["missing"] == []
        assert set(problem["extra"]) <= set(truth[name]["deleted"])
    world.advance(7)
    again = world.connector.read(destination.states, names)
    again.assert_complete()
    assert [line for line in again.logs if "older than" in line["message"]] == []
    assert len(ids(again, "invoices")) < truth["invoices"]["count"]


# -- settings that choose what is read -------------------------------------------------------------


def test_start_date_leaves_older_objects_out_until_they_change(tmp_path):
    with a_world(tmp_path) as world:
        truth = world.truth
        start = truth.now - 60 * DAY
        start -= start % DAY
        world.connector.config["start_date"] = _iso(start)
        names = ("customers", "subscriptions", "invoices", "invoice_line_items")
        first = world.connector.read((), names)
        first.assert_complete()
        for name in ("customers", "subscriptions", "invoices"):
            objects = truth.objects(name, truth.counts()[name]["ids"])
            young = sorted(key for key, row in objects.items() if row["created"] >= start)
            assert ids(first, name) == young
            assert 0 < len(young) < len(objects)
        destination = Destination(world.connector.streams)
        destination.receive(first.messages)
        before = truth.now
        world.advance(7)
        second = world.connector.read(destination.states, names)
        second.assert_complete()
        changed_old = {
            event["data"]["object"]["id"]
            for event in truth.events_since(before)
            if event["data"]["object"]["object"] == "subscription"
            and event["data"]["object"]["created"] < start
        }
        assert changed_old, "no old subscription changed: this would show nothing"
        assert changed_old <= set(ids(second, "subscriptions"))


def test_the_users_own_look_back_catches_what_changed_without_an_event(moving_company):
    world = moving_company
    name = "customers"
    destination = Destination(world.connector.streams)
    destination.receive(world.connector.read((), [name]).messages)
    newest = max(world.account.store.contents("customer"), key=lambda row: row["created"])
    age_days = (world.truth.now - newest["created"]) // DAY
    with world.account.lock:
        world.account.store.put({**newest, "description": "changed without an event"})
        world.account.shelf.forget()
    without = world.connector.read(destination.states, [name])
    assert newest["id"] not in ids(without, name)
    world.connector.config["lookback_window_days"] = age_days + 2
    seen = world.connector.read(destination.states, [name])
    seen.assert_complete()
    [row] = [row for row in seen.records[name] if row["id"] == newest["id"]]
    assert row["description"] == "changed without an event"


def _iso(second):
    from datetime import datetime, timezone

    return datetime.fromtimestamp(second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
