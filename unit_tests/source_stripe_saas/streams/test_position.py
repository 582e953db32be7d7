"""States are read whoever wrote them, and written so that they can be read."""

import json

import pytest

from source_stripe_saas.streams.position import Backfill, Position, read_position


@pytest.mark.parametrize(
    "blob",
    [
        {"updated": 1_750_000_000},
        {"updated": 1_750_000_000, "open_since": 1_749_900_000},
        {"backfill": {"began": 9, "done": {}}},
        {
            "open_since": 3,
            "backfill": {
                "began": 9,
                "done": {"": [[1, 2], [5, 9]], "active=true": [[0, 9]]},
                "after": {"status=open": "qt_1"},
                "finished": ["status=draft"],
            },
        },
    ],
)
def test_our_own_state_comes_back_as_it_was_written(blob):
    position, remark = read_position(json.loads(json.dumps(blob)))
    assert position.blob() == blob
    assert remark is None


@pytest.mark.parametrize("blob", [{}, {"__ab_no_cursor_state_message": True}])
def test_no_state_is_no_remark(blob):
    assert read_position(blob) == (Position(), None)


@pytest.mark.parametrize(
    ("blob", "until"),
    [
        ({"updated": 1_750_000_000}, 1_750_000_000),
        ({"created": 1_750_000_000}, 1_750_000_000),
        ({"updated": "1750000000"}, 1_750_000_000),
        ({"updated": 1_750_000_000.0}, 1_750_000_000),
        ({"created": "2025-06-15T15:06:40Z"}, 1_750_000_000),
    ],
)
def test_the_official_connectors_time_is_taken_as_it_is(blob, until):
    assert read_position(blob) == (Position(until), None)


@pytest.mark.parametrize(
    "blob",
    [
        {"slices": [{"start": 0, "end": 9, "updated": 60}, {"updated": 50}], "state_type": "range"},
        {"states": [{"partition": {"id": "cus_1"}, "cursor": {"created": 50}}]},
        {"state": {"updated": 90}, "parent_state": {"invoices": {"updated": 50}}},
        {"parent_state": {"checkout_sessions": {"checkout_session_updated": "50"}}},
        {"use_global_cursor": False, "states": [{"cursor": {"updated": 50}}], "lookback_window": 1},
    ],
    ids=["slices", "states", "parent_state", "a child's own name", "a partitioned cursor"],
)
def test_of_the_official_connectors_other_shapes_the_earliest_time_is_taken(blob):
    position, remark = read_position(blob)
    assert position == Position(50)
    assert "going on from 50" in remark


@pytest.mark.parametrize(
    "blob",
    [
        {"slices": []},
        {"states": [{"partition": {"id": "cus_1"}, "cursor": {}}]},
        {"__ab_full_refresh_sync_complete": True},
        {"parent_state": {}},
        {"created": "never"},
        {"updated": "garbage"},
        {"updated": None},
        {"updated": True},
        {"updated": float("nan")},
        {"updated": float("inf")},
        {"created": float("inf")},
        {"open_since": 5},
        {"backfill": 5},
        {"backfill": {}},
        {"backfill": {"began": 9, "done": []}},
        {"backfill": {"began": "x", "done": {}}},
        {"backfill": {"began": float("inf"), "done": {}}},
        {"backfill": {"began": 9, "done": {"": [[0, float("inf")]]}}},
        {"backfill": {"began": 9, "done": {"": [[1, 2, 3]]}}},
        {"backfill": {"began": 9, "done": {"": 5}}},
        {"backfill": {"began": 9, "done": {}, "after": 5}},
        {"anything": {"else": [1, {"x": 2}]}},
    ],
    ids=repr,
)
def test_a_state_without_a_usable_time_leaves_no_position_and_says_why(blob):
    position, remark = read_position(blob)
    assert position == Position()
    assert remark in ("its state names no time", "its state cannot be understood")


def test_spans_are_joined_on_the_way_in_and_out():
    backfill = Backfill(9, {"": [(5, 9), (0, 4)]})
    assert Position(backfill=backfill).blob()["backfill"]["done"] == {"": [[0, 9]]}
    position, _ = read_position({"backfill": {"began": 9, "done": {"": [[5, 9], [0, 4]]}}})
    assert position.backfill.done == {"": [(0, 9)]}
