"""The ledger is whole, exact, and worked out as a person would."""

from fractions import Fraction

import pytest

from stripe_sandbox.company import Company, CompanyOptions
from stripe_sandbox.company.ledger import half_up
from stripe_sandbox.company.valuation import (
    Coupon,
    Discount,
    Part,
    Price,
    Tier,
    list_value,
    net_value,
)

TYPES = {
    "trial_started", "trial_extended", "trial_shortened", "trial_converted", "trial_expired",
    "signup_incomplete",
    "signup_expired", "activated", "first_payment", "renewed", "upgraded", "downgraded",
    "plan_changed", "quantity_increased", "quantity_decreased", "discount_applied",
    "discount_removed", "discount_expired", "payment_failed", "past_due", "payment_recovered",
    "unpaid", "reactivated", "paused", "resumed", "free_period_started", "free_period_ended",
    "cancellation_scheduled", "cancellation_revoked", "canceled",
}  # fmt: skip


@pytest.fixture(scope="module")
def traceable() -> Company:
    company = Company(CompanyOptions(seed=11, customers=220, months=18, traceable=True))
    company.build()
    return company


def chains(company):
    out = {}
    for entry in company.ledger():
        out.setdefault(entry.subscription_id, []).append(entry)
    return out


def test_every_entry_begins_where_the_one_before_ended(grown):
    for entries in chains(grown).values():
        before = Fraction(0)
        for entry in entries:
            assert entry.mrr_before == before
            assert entry.mrr_after >= 0
            assert entry.mrr_after_minor == half_up(entry.mrr_after)
            before = entry.mrr_after


def test_every_subscription_has_a_ledger_that_ends_in_its_state(grown):
    ledgers = chains(grown)
    subscriptions = list(grown.store.contents("subscription"))
    assert set(ledgers) == {content["id"] for content in subscriptions}
    for content in subscriptions:
        last = ledgers[content["id"]][-1]
        if content["status"] in (
            "canceled",
            "incomplete",
            "incomplete_expired",
            "unpaid",
            "paused",
        ):
            assert last.mrr_after == 0
        elif content["status"] == "active" and content["pause_collection"] is None:
            assert last.mrr_after == truth_of(grown, content)


def truth_of(company, content):
    """The object's value, for the plain prices where that is one multiplication."""
    total = Fraction(0)
    items = company.store.of_parent("subscription_item", content["id"])
    customer = company.store.get("customer", content["customer"])
    held = [*content["discounts"], *[d for item in items for d in item["discounts"]]]
    for item in items:
        price = item["price"]
        if price["recurring"]["usage_type"] == "metered":
            continue
        amounts = price["currency_options"][content["currency"]]
        per = {"month": Fraction(1), "year": Fraction(1, 12), "week": Fraction(52, 12),
               "day": Fraction(365, 12)}[price["recurring"]["interval"]]  # fmt: skip
        if price["billing_scheme"] != "per_unit" or price["transform_quantity"] or held:
            return company.truth_mrr(company.store.now)[content["id"]]
        if customer is None or customer["discount"]:
            return company.truth_mrr(company.store.now)[content["id"]]
        total += (
            item["quantity"]
            * Fraction(amounts["unit_amount_decimal"])
            * per
            / price["recurring"]["interval_count"]
        )
    return total


def test_every_word_of_the_vocabulary_happens(grown):
    assert {entry.event_type for entry in grown.ledger()} == TYPES


def test_untraceable_entries_say_from_when_they_can_be_seen(grown):
    marked = [entry for entry in grown.ledger() if entry.untraceable]
    assert marked
    for entry in marked:
        assert entry.visible_from == entry.at
        assert entry.visible_until is None or entry.visible_until >= entry.at


def test_a_traceable_company_moves_no_value_without_trace(traceable):
    moved = [e for e in traceable.ledger() if e.untraceable and e.mrr_before != e.mrr_after]
    horizon = traceable.store.now - 29 * 86_400
    # What still waits for its first invoice is shown by events.
    assert [entry for entry in moved if entry.at < horizon] == []
    assert {e.event_type for e in traceable.ledger()} >= {"paused", "upgraded", "canceled"}


def test_the_truth_of_a_moment_includes_the_changes_of_its_second(grown):
    entry = next(e for e in grown.ledger() if e.event_type == "activated" and e.mrr_after)
    assert grown.truth_mrr(entry.at)[entry.subscription_id] == entry.mrr_after
    assert entry.subscription_id not in grown.truth_mrr(entry.at - 1)


def test_the_ledger_as_json_writes_fractions_as_text(grown):
    row = next(r for r in grown.ledger_as_json() if r["mrr_after_minor"])
    top, bottom = row["mrr_after"].split("/")
    assert half_up(Fraction(int(top), int(bottom))) == row["mrr_after_minor"]


# --- valuation, by hand ----------------------------------------------------------------------

MONTHLY = Price("m", "p1", "usd", "month", 1, {"usd": Fraction(1000)})
YEARLY = Price("y", "p2", "usd", "year", 1, {"usd": Fraction(120_000)})
WEEKLY = Price("w", "p3", "usd", "week", 1, {"usd": Fraction(450)})
STEPS = (Tier(5, Fraction(700), Fraction(1000)), Tier(10, Fraction(650), Fraction(500)),
         Tier(None, Fraction(600)))  # fmt: skip


def discount(**coupon):
    facts = Coupon("c", coupon.pop("duration", "forever"), **coupon)
    return Discount("di", facts, 0, None)


def test_a_week_is_52_twelfths_of_a_month():
    assert list_value([Part(WEEKLY, 1)], "usd") == 1950


def test_graduated_tiers_add_up_step_by_step():
    price = Price("g", "p", "usd", "month", 1, {}, {"usd": STEPS}, "graduated")
    # 5 x 700 + 1000, 5 x 650 + 500, 2 x 600
    assert price.charge(12, "usd") == 4500 + 3750 + 1200
    assert price.charge(5, "usd") == 4500
    assert price.charge(0, "usd") == 1000


def test_volume_tiers_price_every_unit_by_the_tier_reached():
    tiers = (Tier(10, Fraction(1000)), Tier(None, Fraction(500), Fraction(2000)))
    price = Price("v", "p", "usd", "month", 1, {}, {"usd": tiers}, "volume")
    assert price.charge(10, "usd") == 10_000
    assert price.charge(20, "usd") == 12_000


def test_packages_round_up_or_down():
    up = Price("u", "p", "usd", "month", 1, {"usd": Fraction(1000)}, divide_by=1000)
    down = Price("d", "p", "usd", "month", 1, {"usd": Fraction(1000)}, divide_by=1000,
                 round_up=False)  # fmt: skip
    assert up.charge(1001, "usd") == 2000
    assert down.charge(1999, "usd") == 1000


def test_an_amount_off_counts_as_often_as_the_shortest_interval_bills():
    parts = [Part(MONTHLY, 1), Part(YEARLY, 1)]
    off = discount(amounts_off={"usd": 300})
    # 1000 + 120000/12 - 300 a month
    assert net_value(parts, [off], "usd") == 10_700


def test_only_discounts_that_last_forever_lower_the_value():
    parts = [Part(MONTHLY, 2)]
    assert net_value(parts, [discount(percent_off=Fraction(25, 2))], "usd") == 1750
    for duration in ("once", "repeating"):
        held = discount(duration=duration, percent_off=Fraction(50))
        assert net_value(parts, [held], "usd") == 2000


def test_a_coupon_for_one_product_leaves_the_others_alone():
    parts = [Part(MONTHLY, 1), Part(YEARLY, 1)]
    held = discount(percent_off=Fraction(50), products=frozenset({"p1"}))
    assert net_value(parts, [held], "usd") == 10_500


def test_halves_round_up():
    assert [half_up(Fraction(n, 2)) for n in (-3, -1, 1, 3)] == [-1, 0, 1, 2]
