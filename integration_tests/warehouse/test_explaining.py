"""Which differences between books and warehouse a hidden act explains, and which none does."""

from __future__ import annotations

from fractions import Fraction

import pytest

from integration_tests.warehouse.explaining import ToldRow, differences
from stripe_sandbox.company import LedgerEntry

DAY = 86_400
HORIZON = 100 * DAY


def entry(day, kind, before, after, *, until=None, hidden=False, admits=()):
    return LedgerEntry(
        subscription_id="sub_1",
        customer_id="cus_1",
        currency="usd",
        at=day * DAY,
        event_type=kind,
        mrr_before=Fraction(before),
        mrr_after=Fraction(after),
        mrr_before_minor=before,
        mrr_after_minor=after,
        list_mrr_before=Fraction(before),
        list_mrr_after=Fraction(after),
        status_before="active",
        status_after="active",
        untraceable=hidden,
        visible_from=day * DAY if hidden else None,
        visible_until=None if until is None else until * DAY,
        admits=admits,
    )


def told(*steps):
    rows, before = [], 0
    for day, after in steps:
        rows.append(ToldRow("sub_1", "cus_1", "usd", day * DAY, "upgraded", before, after))
        before = after
    return rows


BORN = entry(1, "activated", 0, 1000)
# A third seat, seen at the renewal on day 31.
SEAT = entry(10, "quantity_increased", 1000, 1500, hidden=True, until=31)


def found(entries, rows):
    return [
        (each.start // DAY, each.end // DAY, bool(each.entries), each.is_mixed)
        for each in differences(entries, rows, HORIZON)
    ]


def test_a_value_without_the_hidden_act_is_explained_until_it_is_seen():
    assert found([BORN, SEAT], told((1, 1000), (31, 1500))) == [(10, 31, True, False)]


def test_what_is_told_rightly_needs_no_explanation():
    assert found([BORN, SEAT], told((1, 1000), (10, 1500))) == []


@pytest.mark.parametrize("wrong", [999, 1001, 1499, 2000, 0])
def test_another_amount_is_not_explained_however_near(wrong):
    rows = told((1, 1000), (12, wrong), (31, 1500))
    assert (12, 31, False, False) in found([BORN, SEAT], rows)


def test_a_difference_outlasts_no_span():
    rows = told((1, 1000), (40, 1500))
    assert found([BORN, SEAT], rows) == [(10, 31, True, False), (31, 40, False, False)]


def test_what_is_never_seen_is_known_from_the_horizon_on():
    never = entry(10, "unpaid", 1000, 0, hidden=True)
    assert found([BORN, never], told((1, 1000))) == [
        (10, 100, True, False),
        (100, 100, False, False),
    ]


def test_two_hidden_acts_explain_their_sum_or_either():
    more = entry(20, "quantity_increased", 1500, 2500, hidden=True, until=31)
    both = [BORN, SEAT, more]
    assert found(both, told((1, 1000), (31, 2500)))[-1] == (20, 31, True, False)
    assert found(both, told((1, 1000), (20, 2000), (31, 2500)))[-1] == (20, 31, True, False)
    assert found(both, told((1, 1000), (20, 1700), (31, 2500)))[-1] == (20, 31, False, False)


def test_a_visible_coupon_on_a_hidden_act_takes_its_share_of_what_is_told():
    # A fifth off 1500 is truly 1200; of 1000 it leaves 800, and nothing else.
    coupon = entry(15, "discount_applied", 1500, 1200)
    seen = [BORN, SEAT, coupon]
    assert (15, 31, True, True) in found(seen, told((1, 1000), (15, 800), (31, 1200)))
    assert (15, 31, False, False) in found(seen, told((1, 1000), (15, 850), (31, 1200)))


def test_a_pause_after_a_trial_hides_when_paying_began():
    trial = entry(1, "trial_started", 0, 0)
    paused = entry(10, "paused", 0, 0, hidden=True, until=31)
    resumed = entry(31, "resumed", 0, 800, hidden=True, until=31)
    assert found([trial, paused, resumed], told((1, 0), (10, 800))) == [(10, 31, True, False)]
    assert found([trial, paused, resumed], told((1, 0), (9, 800)))[0] == (9, 10, False, False)


# --- guesses of a deleted coupon's terms -----------------------------------------------------

# 5.00 off, or a half, of 10.00; then of 20.00.
GUESSED = entry(1, "activated", 0, 500, admits=((500, 500), (500, 501)))
DOUBLED = entry(10, "quantity_increased", 500, 1500, admits=((1500, 1500), (999, 1001)))


def test_a_guess_that_fits_is_explained_as_long_as_it_fits():
    assert found([GUESSED, DOUBLED], told((1, 500), (10, 1000))) == [(10, 10, True, False)]
    assert found([GUESSED, DOUBLED], told((1, 501), (10, 1500))) == [(1, 10, True, False)]


@pytest.mark.parametrize("wrong", [499, 998, 1002, 1499])
def test_a_guess_that_nothing_fits_is_not_explained(wrong):
    ((_, _, is_explained, _),) = found([GUESSED, DOUBLED], told((1, 500), (10, wrong)))
    assert not is_explained


def test_a_guess_under_a_hidden_act_is_explained_as_mixed():
    seat = entry(10, "quantity_increased", 500, 1500, hidden=True, until=31)
    (difference,) = found([GUESSED, seat], told((1, 500), (10, 501), (31, 1500)))
    assert difference == (10, 31, True, True)
