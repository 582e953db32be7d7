"""What the soak says of a ledger: right rows pass, and each way of being wrong is found."""

from fractions import Fraction
from typing import Any

import pytest

from integration_tests.soak.ledger import LedgerTable, broken, differing
from stripe_sandbox.company import LedgerEntry

DAY = 86_400
NOW = 1_780_000_000
HORIZON = NOW - 29 * DAY


def row(sequence: int, before: int, after: int, **fields: Any) -> dict[str, Any]:
    return {
        "event_id": f"id{sequence}",
        "subscription_id": "sub_1",
        "event_type": "upgraded",
        "occurred_at": f"2026-05-{sequence:02}T00:00:00Z",
        "sequence": sequence,
        "mrr_before": before,
        "mrr_after": after,
        "mrr_delta": after - before,
        "adjustment_reason": None,
        **fields,
    }


def record(data: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RECORD", "record": {"stream": "subscription_events", "data": data}}


def state(**blob: Any) -> dict[str, Any]:
    stream = {"stream_descriptor": {"name": "subscription_events"}, "stream_state": blob}
    return {"type": "STATE", "state": {"stream": stream}}


BEGUN = state(horizon=HORIZON)
COMPLETE = state(horizon=HORIZON, through=NOW)
RIGHT = (row(1, 0, 500), row(2, 500, 900), row(3, 900, 0))


def test_rows_that_follow_upon_each_other_pass():
    assert list(broken({"sub_1": RIGHT})) == []


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((RIGHT[0], RIGHT[2]), "places"),
        ((row(1, 10, 500),), "begins with 10"),
        ((RIGHT[0], row(2, 400, 900)), "goes on from 400, not 500"),
        ((row(1, 0, 500, mrr_delta=499),), "does not add up"),
        ((row(1, 0, -1),), "does not add up"),
        ((RIGHT[0], row(2, 500, 900, occurred_at="2026-04-30T00:00:00Z")), "lies before"),
        ((RIGHT[0], row(2, 500, 900, event_type="adjusted")), "is adjusted"),
    ],
)
def test_a_broken_chain_is_found(rows, words):
    assert any(words in text for text in broken({"sub_1": rows}))


def test_a_row_that_comes_again_the_same_counts_once():
    table = LedgerTable()
    table.receive([BEGUN, *map(record, RIGHT[:2])], NOW)
    table.receive([*map(record, RIGHT), COMPLETE], NOW + 60)
    assert table.wrong == []
    assert table.ledgers() == {"sub_1": list(RIGHT)}
    assert table.followed_since == NOW + 60


def test_a_row_that_comes_again_with_another_content_is_found():
    table = LedgerTable()
    table.receive([*map(record, RIGHT), COMPLETE], NOW)
    table.receive([record(row(3, 900, 100)), COMPLETE], NOW + 60)
    [found] = table.wrong
    assert "came again with other ['mrr_after', 'mrr_delta']" in found


def test_a_row_before_a_kill_that_does_not_come_again_is_found():
    table = LedgerTable()
    table.receive([BEGUN, *map(record, RIGHT)], NOW)
    table.receive([*map(record, RIGHT[:2]), COMPLETE], NOW + 3_600)
    [found] = table.wrong
    assert "row 3" in found
    assert "not again" in found


def test_a_row_that_a_state_covers_need_not_come_again():
    table = LedgerTable()
    table.receive(
        [BEGUN, *map(record, RIGHT[:2]), state(horizon=HORIZON, through=NOW, written=1)], 1
    )
    table.receive([record(RIGHT[2]), COMPLETE], NOW)
    assert table.wrong == []
    assert len(table.rows) == 3


def test_a_first_read_taken_up_after_days_may_make_uncovered_rows_anew_under_other_ids():
    table = LedgerTable()
    table.receive([BEGUN, *map(record, RIGHT)], NOW)
    again = row(3, 900, 0, event_id="other")
    table.receive([*map(record, [*RIGHT[:2], again]), COMPLETE], NOW + 2 * DAY)
    assert table.wrong == []
    assert table.put_aside == 1
    assert table.ledgers() == {"sub_1": [*RIGHT[:2], again]}


def test_a_later_sync_has_no_such_excuse():
    table = LedgerTable()
    table.receive([BEGUN, *map(record, RIGHT[:2]), COMPLETE], NOW)
    table.receive([record(RIGHT[2])], NOW + DAY)
    table.receive([COMPLETE], NOW + 3 * DAY)
    assert len(table.wrong) == 1


ASIDE = state(horizon=HORIZON, through=NOW, aside={"sub_1": None})


def test_rows_of_a_subscription_that_is_set_aside_are_waited_for():
    table = LedgerTable()
    table.receive([BEGUN, *map(record, RIGHT)], NOW)
    table.receive([ASIDE], NOW + 60)
    assert table.wrong == []
    table.receive([*map(record, RIGHT), COMPLETE], NOW + 3_600)
    assert (table.wrong, table.put_aside) == ([], 0)


def test_rows_of_a_subscription_that_was_set_aside_have_to_come_again_in_the_end():
    table = LedgerTable()
    table.receive([BEGUN, *map(record, RIGHT)], NOW)
    table.receive([ASIDE], NOW + 60)
    table.receive([*map(record, RIGHT[:2]), COMPLETE], NOW + 3_600)
    [found] = table.wrong
    assert "row 3 of sub_1 (upgraded) came before a kill, and not again" in found


def test_of_a_subscription_set_aside_for_a_day_rows_may_be_made_anew_under_other_ids():
    table = LedgerTable()
    other = {**row(1, 0, 700), "event_id": "of_2", "subscription_id": "sub_2"}
    table.receive([BEGUN, *map(record, RIGHT), record(other)], NOW)
    table.receive([record(other), ASIDE], NOW + 60)
    again = row(3, 900, 0, event_id="other")
    table.receive([*map(record, [*RIGHT[:2], again]), COMPLETE], NOW + 2 * DAY)
    assert (table.wrong, table.put_aside) == ([], 1)
    assert table.ledgers() == {"sub_1": [*RIGHT[:2], again], "sub_2": [other]}


def entry(at: int, after: Fraction) -> LedgerEntry:
    zero = Fraction(0)
    numbers = {"mrr_before_minor": 0, "mrr_after_minor": 0}
    exact = {"mrr_before": zero, "list_mrr_before": zero, "list_mrr_after": zero}
    status = {"status_before": None, "status_after": "active"}
    return LedgerEntry(
        "sub_1", "cus_1", "usd", at, "upgraded", mrr_after=after, **exact, **numbers, **status
    )


MAY_1 = 1_777_593_600
"""2026-05-01T00:00:00Z."""
BOOKS = (
    entry(MAY_1, Fraction(999, 2)),  # 499.5 is 500, halves up
    entry(MAY_1 + DAY, Fraction(900)),
    entry(MAY_1 + 2 * DAY, Fraction(0)),
)


def test_rows_that_agree_with_the_books_pass():
    assert differing({"sub_1": RIGHT}, BOOKS, MAY_1, MAY_1 + 3 * DAY) == (4, [])


def test_before_the_first_read_was_complete_only_the_head_is_compared():
    late = (row(1, 0, 800), row(2, 800, 800), RIGHT[2] | {"mrr_before": 800})
    assert differing({"sub_1": late}, BOOKS, MAY_1 + 2 * DAY, MAY_1 + 3 * DAY) == (2, [])
    count, wrong = differing({"sub_1": late}, BOOKS, MAY_1, MAY_1 + 3 * DAY)
    assert (count, len(wrong)) == (4, 2)


def test_what_has_no_rows_yet_or_no_books_is_found():
    assert differing({}, BOOKS[:2], MAY_1 + 2 * DAY, MAY_1 + 2 * DAY)[1] == [
        f"sub_1 at {MAY_1 + 2 * DAY}: [] instead of 900"
    ]
    [found] = differing({"sub_2": RIGHT}, (), MAY_1, MAY_1)[1]
    assert "in no book" in found


def test_what_happened_after_the_rows_end_is_not_expected_of_them():
    assert differing({"sub_1": RIGHT[:2]}, BOOKS, MAY_1, MAY_1 + DAY) == (2, [])
