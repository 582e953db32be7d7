"""Texts that are no numbers, or are too large to be worked out, are refused at once."""

from fractions import Fraction

import pytest

from source_stripe_saas.mrr.exact import exact
from source_stripe_saas.mrr.options import OptionError, options_from

ENDLESS = ("1e999999999", "1E99999", "1e-999999999", "9" * 5_000, "0." + "1" * 5_000)
NONSENSE = ("", "nan", "inf", "0x1", "1/0", "x", "365/7/1")


@pytest.mark.parametrize("text", [*ENDLESS, *NONSENSE])
def test_no_number_is_no_amount(text):
    with pytest.raises((ValueError, ZeroDivisionError)):
        exact(text)


def test_amounts_with_twelve_places_and_small_exponents_are_read_exactly():
    assert exact("0.123456789012") == Fraction(123456789012, 10**12)
    assert exact("1234567.123456789012") == Fraction(1234567123456789012, 10**12)
    assert exact(1e-07) == Fraction(1, 10**7)
    assert exact("1e2") == 100
    assert exact(10**40) == 10**40


@pytest.mark.parametrize("value", [*ENDLESS, *NONSENSE, True, [], {}, "-1", "0", 1e308, 10**30])
def test_a_year_is_a_short_positive_number(value):
    with pytest.raises(OptionError) as raised:
        options_from({"days_per_year": value})
    assert len(str(raised.value)) < 250


@pytest.mark.parametrize(
    ("value", "days"),
    [(360, 360), ("365/7", Fraction(365, 7)), ("365.2425", Fraction(3652425, 10_000))],
)
def test_a_year_may_be_a_fraction(value, days):
    assert options_from({"days_per_year": value}).days_per_year == days


@pytest.mark.parametrize("preset", [[], {}, 5, True, "other"])
def test_a_preset_is_one_of_the_names(preset):
    with pytest.raises(OptionError, match="preset"):
        options_from({"preset": preset})
