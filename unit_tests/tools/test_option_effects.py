"""The table of MRR options names every option, and counts what it says it counts."""

from source_stripe_saas.mrr.options import CHOICES, Options, options_from
from tools.option_effects import _MEANINGS, Effect, effect_of, variants


def test_every_value_that_is_no_default_is_in_the_table_with_its_meaning():
    names = [name for name, _ in variants()]
    assert sorted(names) == sorted(_MEANINGS)
    for option, values in CHOICES.items():
        others = [f"{option}: {value}" for value in values if value != getattr(Options(), option)]
        assert set(others) <= set(names)


def test_every_line_of_the_table_can_be_set():
    for _, settings in variants():
        assert options_from(settings) != Options()


def row(key, before, after, movement, currency="usd"):
    return {
        "event_id": key,
        "currency": currency,
        "movement": movement,
        "occurred_at": "2026-01-01T00:00:00Z",
        "mrr_before": before,
        "mrr_after": after,
        "mrr_delta": after - before,
    }


def test_effects_are_sums_of_one_currency_and_a_count_of_rows():
    known = [row("a", 0, 900, "new"), row("b", 900, 0, "churn"), row("c", 0, 5, "new", "jpy")]
    by_id = {each["event_id"]: each for each in known}
    assert effect_of(known, by_id) == Effect(0, 900, -900, 0)
    other = [row("a", 0, 1000, "new"), row("b", 1000, 0, "contraction"), known[2]]
    assert effect_of(other, by_id) == Effect(0, 1000, 0, 2)
