"""The `mrr` block: checked, named by its field, and the same in the spec as in the rules."""

from fractions import Fraction

from source_stripe_saas.config import resources
from source_stripe_saas.config.settings import parse_settings
from source_stripe_saas.mrr.options import (
    CHOICES,
    FACTORS,
    PRESETS,
    WAREHOUSE_OPTIONS,
    Options,
)

KEY = "rk_test_51Secret"
BLOCK = resources.spec()["connectionSpecification"]["properties"]["mrr"]["properties"]


def options(mrr):
    return parse_settings({"client_secret": KEY, "mrr": mrr}).mrr


def test_nothing_chosen_is_the_defaults():
    assert parse_settings({"client_secret": KEY}).mrr == Options()
    assert options({}) == Options()
    assert options({"churn_at": "", "preset": None}) == Options()


def test_what_is_chosen_goes_before_the_preset():
    chosen = options({"preset": "profitwell", "metered": "exclude", "days_per_year": "365.25"})
    assert (chosen.discounts, chosen.metered) == ("all", "exclude")
    assert chosen.days_per_year == Fraction(1461, 4)


def test_options_of_the_models_are_accepted():
    models_own = {"switch_window_hours": 1, "fx_mode": "none", "reporting_timezone": "UTC"}
    assert options(models_own) == Options()


def test_the_spec_offers_what_the_rules_take():
    assert BLOCK.keys() == {"preset", *CHOICES, *FACTORS, *WAREHOUSE_OPTIONS}
    assert set(BLOCK["preset"]["enum"]) == PRESETS.keys()
    for name, values in CHOICES.items():
        assert set(BLOCK[name]["enum"]) == set(values), name
    assert all({"title", "description", "order"} <= field.keys() for field in BLOCK.values())
