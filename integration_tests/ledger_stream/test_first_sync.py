"""A first sync tells the whole history, as the rules have it and as the company knows it."""

import json

import pytest

from integration_tests.ledger_check.shown import Shown
from integration_tests.ledger_check.syncing import Syncs
from integration_tests.ledger_stream.connection import STREAM, Connection
from integration_tests.schemas import assert_fit
from integration_tests.world import a_world


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("ledger"), seed=5, customers=80, months=14) as world:
        connection = Connection(world)
        connection.sync()
        yield connection


def test_it_is_what_the_rules_derive_from_the_same_objects(first):
    expected = Syncs()
    expected.first(Shown(first.world.account))
    rows = [dict(row) for rows in expected.rows.values() for row in rows]
    for row in rows:
        del row["mrr_exact_after"]
    rows.sort(key=lambda row: (row["subscription_id"], row["sequence"]))
    assert first.as_text() == [json.dumps(row, sort_keys=True) for row in rows]
    assert len(rows) > 400


def test_its_rows_fit_the_schema(first):
    assert_fit(first.last.records)


def test_its_last_log_line_counts_rows_and_says_mrr_at_the_head(first):
    line = first.last.logs[-1]["message"]
    totals, types = {}, {}
    for rows in first.by_subscription().values():
        code = rows[-1]["currency"]
        totals[code] = totals.get(code, 0) + rows[-1]["mrr_after"]
        for row in rows:
            types[row["event_type"]] = types.get(row["event_type"], 0) + 1
    head = ", ".join(f"{code} {amount}" for code, amount in sorted(totals.items()) if amount)
    kinds = ", ".join(f"{name} {count}" for name, count in sorted(types.items()))
    assert f"MRR changes: {len(first.rows)} ({kinds}), 0 adjusted." in line
    assert line.endswith(f"MRR in minor units: {head}.")


def test_its_state_says_how_far_it_has_come(first):
    assert first.state["through"] == first.world.truth.now - 60
    assert first.state["horizon"] == first.world.truth.now - 29 * 86_400
    assert STREAM in first.last.statuses
