"""A small company against its own ledger, and that it does everything that the rules know."""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from integration_tests.ledger_check.__main__ import summary
from integration_tests.ledger_check.checking import Outcome, check
from integration_tests.ledger_check.comparing import Verdict, compare, month_ends
from integration_tests.ledger_check.shown import HORIZON_SECONDS, Shown
from source_stripe_saas.mrr import EVENT_TYPES
from source_stripe_saas.mrr.moment import iso
from stripe_sandbox.account import open_account
from stripe_sandbox.company import BUILD_END, Company, LedgerEntry

Raw = dict[str, Any]
# Of these seeds even small companies do everything; most lack one of the rare acts.
SIZE = {"seed": 2, "customers": 300, "months": 10}
SIZE_FOR_SHAPES = {"seed": 4, "customers": 700, "months": 10}


@pytest.fixture(scope="module")
def outcome():
    return check(**SIZE, say=lambda text: None)


@pytest.fixture(scope="module")
def company() -> Company:
    return open_account("company", **SIZE_FOR_SHAPES).company


def test_every_value_that_can_be_known_is_the_companys_own(outcome):
    assert outcome.first.wrong == outcome.grown.wrong == []
    assert outcome.first.adjusted == outcome.grown.adjusted == 0
    assert outcome.grown.equal > outcome.first.equal > 4000


def test_28_daily_syncs_give_the_rows_of_one(outcome):
    assert outcome.rows_in_parts > 200
    assert outcome.differing == []


def test_what_is_not_knowable_is_told_by_reason(outcome):
    assert "quantity_increased: no proration: a later renewal shows it" in outcome.first.hidden
    assert sum(outcome.first.hidden.values()) < outcome.first.equal / 50


def test_a_traceable_company_hides_nothing():
    outcome = check(3, 150, 10, is_traceable=True, days=30, say=lambda text: None)
    assert outcome.is_good
    assert outcome.first.hidden == outcome.grown.hidden == {}


def test_a_wrong_value_is_found(company):
    entries = company.ledger()
    entry = next(one for one in entries if one.event_type == "activated" and one.mrr_after > 0)
    row = {
        "event_type": "activated",
        "occurred_at": iso(entry.at),
        "mrr_after": entry.mrr_after_minor + 1,
    }
    verdict = compare([entry], {entry.subscription_id: [row]}, [BUILD_END], BUILD_END, {})
    assert len(verdict.wrong) == 2  # at its own second and at the end
    assert verdict.equal == 0
    adjusted = {**row, "event_type": "adjusted", "mrr_after": entry.mrr_after_minor}
    verdict = compare([entry], {entry.subscription_id: [adjusted]}, [BUILD_END], BUILD_END, {})
    assert (len(verdict.wrong), verdict.adjusted) == (1, 1)


def test_months_end_at_their_last_second():
    ends = [iso(at) for at in month_ends(1_735_689_600, 1_741_000_000)]
    assert ends == ["2025-01-31T23:59:59Z", "2025-02-28T23:59:59Z", "2025-03-03T11:06:40Z"]


# --- everything that the rules know happens (M33, M28) ---------------------------------------


def test_every_type_of_row_is_made(outcome):
    # Where an invoice refutes an estimate, and nowhere else (`adjusted` is 0), a row is adjusted.
    assert set(EVENT_TYPES) - set(outcome.grown.types) <= {"adjusted"}


def events(company: Company, name: str) -> list[tuple[Raw, Raw]]:
    """(object, event) of all events about one kind of object."""
    return [
        (event["data"]["object"], event)
        for event in company.store.contents("event")
        if event["data"]["object"]["object"] == name
    ]


def items(raw: Raw) -> list[Raw]:
    return raw.get("items", {}).get("data", [])


SUBSCRIPTION_SHAPES: dict[str, Callable[[Raw, Raw], bool]] = {
    "price on the item": lambda raw, _: any("price" in one for one in items(raw)),
    "plan only": lambda raw, _: any("plan" in one and "price" not in one for one in items(raw)),
    "plan on the subscription only": lambda raw, _: "items" not in raw and bool(raw.get("plan")),
    "plan beside items": lambda raw, _: bool(raw.get("plan")) and bool(items(raw)),
    "transform_usage": lambda raw, _: any(
        (one.get("plan") or {}).get("transform_usage") for one in items(raw)
    ),
    "transform_quantity": lambda raw, _: any(
        (one.get("price") or {}).get("transform_quantity") for one in items(raw)
    ),
    "metered": lambda raw, _: any(
        (one.get("plan") or {}).get("usage_type") == "metered" for one in items(raw)
    ),
    "a single discount": lambda raw, _: bool(raw.get("discount")) and "discounts" not in raw,
    "a discount beside the list": lambda raw, _: bool(raw.get("discount") and raw.get("discounts")),
    "a list of discounts": lambda raw, _: bool(raw.get("discounts")) and "discount" not in raw,
    "discounts of an item": lambda raw, _: any(one.get("discounts") for one in items(raw)),
    "a coupon in the discount": lambda raw, _: "coupon" in (raw.get("discount") or {}),
    "period on the subscription": lambda raw, _: "current_period_end" in raw,
    "period on the item": lambda raw, _: any("current_period_end" in one for one in items(raw)),
    "start": lambda raw, _: "start" in raw,
    "start_date": lambda raw, _: "start_date" in raw,
    "a reason of cancellation": lambda raw, _: bool(
        (raw.get("cancellation_details") or {}).get("reason")
    ),
    "no reason of cancellation": lambda raw, _: "cancellation_details" not in raw,
    "more items than shown": lambda raw, _: bool(raw.get("items", {}).get("has_more")),
    "changed elements only": lambda raw, event: (
        event["api_version"] <= "2017-04-06"
        and "items" in event["data"].get("previous_attributes", {})
    ),
    "an end told alone": lambda raw, event: (
        event["type"] == "customer.subscription.deleted"
        and "previous_attributes" not in event["data"]
    ),
}


def lines(raw: Raw) -> list[Raw]:
    return raw["lines"]["data"]


def parent(line: Raw, name: str) -> Raw:
    return (line.get("parent") or {}).get(name) or {}


INVOICE_SHAPES: dict[str, Callable[[Raw], bool]] = {
    "parent names the subscription": lambda raw: bool(
        (raw.get("parent") or {}).get("subscription_details")
    ),
    "subscription at the top": lambda raw: bool(raw.get("subscription")),
    "status": lambda raw: "status" in raw,
    "paid and closed": lambda raw: "status" not in raw and raw.get("paid") and raw.get("closed"),
    "neither paid nor closed": lambda raw: raw.get("closed") is False,
    "billing_reason of old": lambda raw: raw["billing_reason"] == "subscription",
    "billing_reason create": lambda raw: raw["billing_reason"] == "subscription_create",
    "billing_reason cycle": lambda raw: raw["billing_reason"] == "subscription_cycle",
    "billing_reason update": lambda raw: raw["billing_reason"] == "subscription_update",
    "parent of a line's item": lambda raw: any(
        parent(line, "subscription_item_details") for line in lines(raw)
    ),
    "parent of a line's invoice item": lambda raw: any(
        parent(line, "invoice_item_details") for line in lines(raw)
    ),
    "item at the line's top": lambda raw: any(line.get("subscription_item") for line in lines(raw)),
    "proration at the line's top": lambda raw: any(line.get("proration") for line in lines(raw)),
    "type of a line": lambda raw: any("type" in line for line in lines(raw)),
    "pricing of a line": lambda raw: any(line.get("pricing") for line in lines(raw)),
    "price of a line": lambda raw: any(line.get("price") for line in lines(raw)),
    "plan of a line only": lambda raw: any(
        line.get("plan") and "price" not in line for line in lines(raw)
    ),
}


@pytest.mark.parametrize("name", SUBSCRIPTION_SHAPES)
def test_subscriptions_are_told_in_every_shape(company, name):
    shape = SUBSCRIPTION_SHAPES[name]
    assert any(shape(raw, event) for raw, event in events(company, "subscription"))


@pytest.mark.parametrize("name", INVOICE_SHAPES)
def test_invoices_are_told_in_every_shape(company, name):
    assert any(INVOICE_SHAPES[name](raw) for raw, _ in events(company, "invoice"))


def test_discounts_are_told_with_their_coupon_and_by_its_id(company):
    told = [raw for raw, _ in events(company, "discount")]
    assert any(isinstance(raw.get("coupon"), dict) for raw in told)
    assert any("source" in raw for raw in told)
    assert any(raw["subscription"] is None for raw in told)


def test_histories_go_far_back(company):
    begun = [one.at for one in company.ledger() if one.event_type in ("activated", "trial_started")]
    assert min(begun) < BUILD_END - 250 * 86_400


def test_the_summary_counts_wrong_values_and_reasons_over_all_seeds():
    why, other = (
        "upgraded: no proration: a later renewal shows it",
        "paused: its moment is not shown",
    )
    first = Outcome(1, first=Verdict(equal=9, wrong=["older"], hidden=Counter({why: 1})))
    first.grown = Verdict(equal=12, wrong=["one"], hidden=Counter({why: 2, other: 1}))
    second = Outcome(2, first=Verdict(equal=5, hidden=Counter({other: 3})))
    assert summary([first, second]) == [
        "1 wrong values where Stripe's data tells, 17 right",
        "6 values are not knowable from it, by reason:",
        f"  4 {other}",
        f"  2 {why}",
    ]


# --- guesses of a deleted coupon's terms -----------------------------------------------------


def guessed(told: int, *later: tuple[int, int], is_estimated: bool) -> Verdict:
    """The verdict on rows of these values; (time, value) of each that corrects an estimate."""
    entry = LedgerEntry(
        subscription_id="sub_1",
        customer_id="cus_1",
        currency="usd",
        at=1000,
        event_type="activated",
        mrr_before=Fraction(0),
        mrr_after=Fraction(900),
        mrr_before_minor=0,
        mrr_after_minor=900,
        list_mrr_before=Fraction(0),
        list_mrr_after=Fraction(1000),
        status_before=None,
        status_after="active",
        admits=((898, 902), (1000, 1000)),
        admits_alone=((980, 980),),
    )
    row = {"event_type": "activated", "occurred_at": iso(1000), "mrr_after": told}
    row["is_estimated"] = is_estimated
    rows = [row]
    for at, value in later:
        known = {"event_type": "adjusted", "adjustment_reason": "better_estimate"}
        rows.append({**row, **known, "occurred_at": iso(at), "mrr_after": value})
    return compare([entry], {"sub_1": rows}, [20_000], 20_000, {})


def test_a_guess_that_fits_what_is_shown_is_not_wrong_if_it_says_so():
    verdict = guessed(901, is_estimated=True)
    assert (verdict.equal, verdict.wrong) == (0, [])
    assert verdict.hidden == {"discount: terms of a deleted coupon, guessed from invoices": 2}
    assert guessed(900, is_estimated=False).equal == 2


def test_a_guess_that_is_not_marked_and_one_that_does_not_fit_are_wrong():
    assert "a guess is not marked as one" in guessed(1000, is_estimated=False).wrong[0]
    assert "the ledger has 900 and the rows 950" in guessed(950, is_estimated=True).wrong[0]


def test_what_only_another_subscription_has_shown_is_counted_apart_if_it_says_so():
    why = "discount: terms that only another subscription has shown"
    verdict = guessed(980, is_estimated=True)
    assert (verdict.wrong, verdict.hidden) == ([], {why: 2})
    assert len(guessed(980, is_estimated=False).wrong) == 2
    assert len(guessed(981, is_estimated=True).wrong) == 2


def test_an_estimate_that_its_final_invoice_refutes_is_not_wrong_until_then():
    why = "discount: an estimate is refuted when its invoice is final"
    for right in (900, 901):  # the true value, or a guess that fits
        verdict = guessed(950, (1000 + 3600, right), is_estimated=True)
        assert (verdict.wrong, verdict.hidden[why]) == ([], 1)
    assert guessed(950, (1000 + 3600, 903), is_estimated=True).hidden[why] == 0
    assert guessed(950, (1000 + 7201, 900), is_estimated=True).hidden[why] == 0


def test_a_free_period_that_began_before_the_events_ends_before_they_tell():
    """A change hidden on its eve stays so: the free period keeps the value that was seen then."""
    now = 2_000_000_000
    horizon = now - HORIZON_SECONDS
    day = 86_400
    held = [
        # id, created, trial's start and end, ended at
        ("free", horizon - 90 * day, horizon - 5 * day, horizon + 9 * day, None),
        ("ended", horizon - 90 * day, horizon - 5 * day, horizon + 9 * day, horizon + 2 * day),
        ("over", horizon - 90 * day, horizon - 25 * day, horizon - 11 * day, None),
        ("later", horizon - 90 * day, horizon + 5 * day, horizon + 19 * day, None),
        ("first_trial", horizon - 5 * day, horizon - 5 * day, horizon + 9 * day, None),
        ("no_trial", horizon - 90 * day, None, None, None),
    ]
    keys = ("id", "created", "trial_start", "trial_end", "ended_at")
    contents = [dict(zip(keys, values, strict=True)) for values in held]
    store = SimpleNamespace(now=now, contents=lambda kind: contents)
    shelf = SimpleNamespace(table=lambda kind: SimpleNamespace(rows=[]))
    shown = Shown(SimpleNamespace(store=store, shelf=shelf))
    assert shown.told_late() == {"free": horizon + 9 * day, "ended": horizon + 2 * day}
