"""Which months closes and reopenings leave closed, and which may be closed or reopened next."""

import pytest

from stripe_saas.close.log import Entry, closed_months, headed, require_closable, require_reopenable
from stripe_saas.close.month import CloseError, parse_month


def log(*steps):
    """Closes, and with a minus reopenings."""
    return [
        Entry(
            number,
            "reopen" if step.startswith("-") else "close",
            parse_month(step.removeprefix("-")),
            0,
            None,
            f"hash {number}",
        )
        for number, step in enumerate(steps, 1)
    ]


def test_a_month_is_closed_until_it_is_reopened_and_again_when_it_is_closed_again():
    def closed(*steps):
        return [str(month) for month in closed_months(log(*steps))]

    assert closed() == []
    assert closed("2026-01", "2026-02") == ["2026-01", "2026-02"]
    assert closed("2026-01", "2026-02", "-2026-02") == ["2026-01"]
    assert closed("2026-01", "-2026-01", "2026-01") == ["2026-01"]


@pytest.mark.parametrize(
    ("steps", "month"),
    [
        ([], "2026-05"),
        (["2026-12"], "2027-01"),
        (["2026-01", "2026-02", "-2026-02"], "2026-02"),
        (["2026-03", "-2026-03"], "2026-01"),
    ],
    ids=["first", "next", "again", "earlier_after_all_are_open"],
)
def test_the_first_month_may_be_any_and_then_the_next_one(steps, month):
    require_closable(log(*steps), parse_month(month))


@pytest.mark.parametrize(
    ("steps", "month", "words"),
    [
        (["2026-01"], "2026-01", "2026-01 is closed already: stripe-saas close --reopen 2026-01"),
        (["2026-01"], "2026-03", "the last closed one is 2026-01: close 2026-02 next"),
        (["2026-02"], "2026-01", "2026-01 lies before the first closed month and stays open"),
    ],
    ids=["closed", "later", "earlier"],
)
def test_any_other_month_is_refused_with_what_to_do(steps, month, words):
    with pytest.raises(CloseError) as refused:
        require_closable(log(*steps), parse_month(month))
    assert words in str(refused.value)


def test_the_last_month_alone_is_reopened():
    require_reopenable(log("2026-01", "2026-02"), parse_month("2026-02"))
    with pytest.raises(CloseError, match="2026-02 is closed and stands on 2026-01: reopen 2026-02"):
        require_reopenable(log("2026-01", "2026-02"), parse_month("2026-01"))
    with pytest.raises(CloseError, match="2026-03 is not closed"):
        require_reopenable(log("2026-01", "2026-02"), parse_month("2026-03"))


def test_a_close_holds_the_hash_of_the_one_before():
    first, second = headed([], {"kind": "close"}), headed(log("2026-01"), {"kind": "close"})
    assert (first["close_number"], first["previous_hash"]) == (1, "0" * 64)
    assert (second["close_number"], second["previous_hash"]) == (2, "hash 1")
    assert first["header_hash"] != second["header_hash"]
