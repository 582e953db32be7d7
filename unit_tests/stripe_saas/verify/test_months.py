"""Which calendar months are looked at."""

import pytest

from stripe_saas.verify.months import Choice, Month, month_of, months_between

NEW_YEAR = 1_767_225_600
"""2026-01-01T00:00:00Z."""


def test_a_month_ends_a_second_before_the_next_begins():
    december, january = Month(2025, 12), Month(2026, 1)
    assert january.span[0] == NEW_YEAR
    assert december.span[1] == NEW_YEAR - 1
    assert december.next == january


def test_a_moment_belongs_to_the_month_of_its_utc_day():
    assert month_of(NEW_YEAR) == Month(2026, 1)
    assert month_of(NEW_YEAR - 1) == Month(2025, 12)


def test_all_months_between_two_moments_both_included():
    assert list(map(str, months_between(NEW_YEAR - 1, NEW_YEAR + 40 * 86_400))) == [
        "2025-12",
        "2026-01",
        "2026-02",
    ]


@pytest.fixture
def two_years():
    return months_between(NEW_YEAR - 700 * 86_400, NEW_YEAR)


def test_the_latest_are_looked_at_and_some_older_ones_by_chance(two_years):
    chosen = Choice(latest=3, sample=4, seed=1).of(two_years, "charges")
    assert chosen[-3:] == two_years[-3:]
    assert len(chosen) == len(set(chosen)) == 7
    assert chosen == sorted(chosen)


def test_the_same_seed_looks_at_the_same_months_another_one_or_list_at_others(two_years):
    def of(seed, label):
        return Choice(sample=6, seed=seed).of(two_years, label)

    assert of(1, "charges") == of(1, "charges")
    assert of(1, "charges") != of(2, "charges")
    assert of(1, "charges") != of(1, "invoices")


def test_all_are_all(two_years):
    assert Choice(is_all=True).of(two_years, "charges") == two_years


def test_a_young_account_has_no_older_months():
    months = months_between(NEW_YEAR, NEW_YEAR)
    assert Choice(latest=3, sample=3).of(months, "charges") == months
