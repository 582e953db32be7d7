"""Rows that older rules made, left where a destination keeps what does not come again."""

from __future__ import annotations

import pytest

from integration_tests.warehouse.handmade import Handmade, life

pytestmark = pytest.mark.slow


def test_rows_of_older_rules_do_not_count_where_newer_ones_made_the_subscription_anew(tmp_path):
    told = [("2026-01-05", "activated", 1000)]
    old = life("sub_a", "cus_a", *told, ("2026-02-05", "upgraded", 9000), ("2026-03-05", "x", 1000))
    new = life("sub_a", "cus_a", *told)
    # Nothing has made this one anew: what is there counts.
    kept = life("sub_b", "cus_b", ("2026-01-10", "activated", 500))
    rows = [
        *({**row, "semantics_version": "v1"} for row in [*old[1:], *kept]),
        *({**row, "semantics_version": "v2", "is_estimated": True} for row in new),
    ]
    made = Handmade(tmp_path, {"subscription_events": rows}, "2026-04-01")
    result = made.build("--indirect-selection=cautious", "--select", "+subscription_events")
    assert result.success, result.bad
    found = made.rows(
        "select subscription_id, sequence, mrr_after_minor, is_estimated from subscription_events "
        "order by 1, 2"
    )
    assert found == [("sub_a", 1, 1000, True), ("sub_b", 1, 500, False)]
