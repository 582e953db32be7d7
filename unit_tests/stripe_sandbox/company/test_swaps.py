"""Months for years without proration, and add-ons of another interval: lines, periods, books."""

from fractions import Fraction
from itertools import pairwise

import pytest

from stripe_sandbox.company import Company, CompanyOptions
from stripe_sandbox.company.calendar import add_months
from stripe_sandbox.company.changes import INVOICE, NONE, PRORATE
from stripe_sandbox.company.habits import SWAPS
from stripe_sandbox.company.swaps import Swaps
from unit_tests.stripe_sandbox.company.bench import DAY, JANUARY_2025, Bench, shown

TEN_DAYS = JANUARY_2025 + 10 * DAY
FEBRUARY = add_months(JANUARY_2025, 1)
NEXT_YEAR = add_months(JANUARY_2025, 12)


def started(*choices):
    bench = Bench(SWAPS)
    sub = bench.subscribe(*choices, is_flexible=True)
    return bench, sub, Swaps(bench.world, bench.parts.changes)


def billed(bench, invoice):
    """Subscription item -> (quantity, amount, start, end) of the lines that bill it."""
    return {
        line["parent"]["subscription_item_details"]["subscription_item"]: (
            *shown(line),
            line["period"]["start"],
            line["period"]["end"],
        )
        for line in bench.lines(invoice)
    }


def entry(bench, sub, kind):
    (found,) = [one for one in bench.ledger(sub) if one.event_type == kind]
    return found


def test_a_month_replaced_by_a_year_is_billed_at_once_and_nothing_is_credited():
    bench, sub, swaps = started(("pro.month", 2))
    old = sub.items[0]
    bench.world.store.now = TEN_DAYS
    swaps.replace(sub, old, bench.price("pro.year"), 2)
    _, update = bench.invoices(sub)
    (new,) = sub.items
    assert update["billing_reason"] == "subscription_update"
    a_year_on = add_months(TEN_DAYS, 12)
    assert billed(bench, update) == {new.id: (2, 28_800, TEN_DAYS, a_year_on)}
    assert new.id != old.id
    content = bench.world.get("subscription", sub.id)
    assert content["billing_cycle_anchor"] == TEN_DAYS
    held = bench.world.store.of_parent("subscription_item", sub.id)
    assert [(item["id"], item["created"]) for item in held] == [(new.id, TEN_DAYS)]
    # 2 x 15.00 a month, then 2 x 144.00 a year
    change = entry(bench, sub, "downgraded")
    assert (change.at, change.mrr_before, change.mrr_after) == (TEN_DAYS, 3000, 2400)
    assert not change.untraceable
    bench.run_until(FEBRUARY + 5 * DAY)
    assert len(bench.invoices(sub)) == 2  # the month is not billed again


def test_the_same_item_repriced_keeps_its_id_and_gives_no_credit():
    bench, sub, swaps = started(("pro.year", 2))
    item = sub.items[0]
    bench.world.store.now = TEN_DAYS
    swaps.reprice(sub, item, bench.price("pro.month"))
    _, update = bench.invoices(sub)
    assert billed(bench, update) == {item.id: (2, 3000, TEN_DAYS, add_months(TEN_DAYS, 1))}
    change = entry(bench, sub, "upgraded")
    assert (change.mrr_before, change.mrr_after) == (2400, 3000)


def test_items_that_stay_are_billed_anew_with_the_one_that_comes():
    bench, sub, swaps = started(("pro.month", 2), ("support.month", 1))
    plan, support = sub.items
    bench.world.store.now = TEN_DAYS
    swaps.replace(sub, plan, bench.price("pro.year"), 2)
    update = bench.invoices(sub)[1]
    assert billed(bench, update) == {
        sub.items[0].id: (2, 28_800, TEN_DAYS, add_months(TEN_DAYS, 12)),
        support.id: (1, 5000, TEN_DAYS, add_months(TEN_DAYS, 1)),
    }


def test_an_add_on_without_proration_is_first_billed_for_its_first_whole_period():
    bench, sub, swaps = started(("pro.year", 2))
    bench.world.store.now = TEN_DAYS
    swaps.attach(sub, bench.price("support.month"), 1, NONE)
    assert len(bench.invoices(sub)) == 1
    bench.run_until(FEBRUARY + 2 * DAY)
    _, cycle = bench.invoices(sub)
    add_on = sub.items[1]
    # the periods follow the anchor, the yearly item is not on it
    assert billed(bench, cycle) == {add_on.id: (1, 5000, FEBRUARY, add_months(FEBRUARY, 1))}
    change = entry(bench, sub, "upgraded")
    assert (change.at, change.mrr_after) == (TEN_DAYS, 2400 + 5000)
    assert (change.untraceable, change.visible_from) == (True, TEN_DAYS)
    assert change.visible_until == FEBRUARY
    assert change.note == "no proration: a later renewal shows it"


def test_a_yearly_quantity_changed_without_proration_shows_only_when_its_year_is_billed():
    bench, sub, _ = started(("pro.year", 4), ("support.month", 1))
    plan, support = sub.items
    bench.world.store.now = TEN_DAYS
    bench.parts.changes.set_quantity(sub, plan, 3, NONE)
    bench.parts.changes.set_quantity(sub, support, 2, NONE)
    bench.run_until(FEBRUARY + 2 * DAY)
    _, cycle = bench.invoices(sub)
    # the monthly renewal bills the add-on alone: it shows two of these, and nothing of the plan
    assert billed(bench, cycle) == {support.id: (2, 10_000, FEBRUARY, add_months(FEBRUARY, 1))}
    fewer, more = entry(bench, sub, "quantity_decreased"), entry(bench, sub, "quantity_increased")
    # 4, then 3 x 144.00 a year; 1, then 2 x 50.00 a month
    assert (fewer.mrr_before, fewer.mrr_after) == (4800 + 5000, 3600 + 5000)
    assert (more.mrr_before, more.mrr_after) == (3600 + 5000, 3600 + 10_000)
    assert (fewer.untraceable, fewer.visible_from, fewer.visible_until) == (True, TEN_DAYS, None)
    assert (more.untraceable, more.visible_until) == (True, cycle["created"])
    bench.run_until(NEXT_YEAR + DAY)
    year = bench.invoices(sub)[-1]
    assert billed(bench, year)[plan.id] == (3, 43_200, NEXT_YEAR, add_months(NEXT_YEAR, 12))
    assert entry(bench, sub, "quantity_decreased").visible_until == year["created"]


def test_a_yearly_item_dropped_without_proration_shows_when_its_year_is_not_billed():
    bench, sub, _ = started(("pro.year", 2), ("support.year", 1), ("storage.month", 15))
    bench.world.store.now = TEN_DAYS
    bench.parts.changes.drop_item(sub, sub.items[1], NONE)
    bench.run_until(NEXT_YEAR - DAY)
    change = entry(bench, sub, "downgraded")
    # 1 x 500.00 a year less
    assert change.mrr_before - change.mrr_after == Fraction(50_000, 12)
    assert (change.untraceable, change.visible_until) == (True, None)
    bench.run_until(NEXT_YEAR + DAY)
    year = bench.invoices(sub)[-1]
    assert {item.id for item in sub.items} == set(billed(bench, year))
    assert entry(bench, sub, "downgraded").visible_until == year["created"]


def test_an_add_on_with_proration_is_billed_for_the_rest_of_its_running_period():
    bench, sub, swaps = started(("pro.month", 2))
    bench.world.store.now = TEN_DAYS
    swaps.attach(sub, bench.price("support.year"), 1, INVOICE)
    _, update = bench.invoices(sub)
    (line,) = bench.lines(update)
    # 355 of 365 days of 500.00
    assert (shown(line), line["period"]) == ((1, 48_630), {"start": TEN_DAYS, "end": NEXT_YEAR})
    assert line["parent"]["subscription_item_details"]["proration"] is True
    change = entry(bench, sub, "upgraded")
    assert change.mrr_after == 3000 + Fraction(50_000, 12)
    assert not change.untraceable


def test_an_add_on_removed_without_proration_shows_at_the_end_of_what_it_paid_for():
    bench, sub, swaps = started(("pro.year", 2), ("support.month", 1))
    bench.run_until(FEBRUARY + 10 * DAY)
    now = bench.world.now
    swaps.detach(sub, sub.items[1], NONE)
    bench.run_until(NEXT_YEAR + DAY)
    reasons = [one["billing_reason"] for one in bench.invoices(sub)]
    assert reasons == ["subscription_create", "subscription_cycle", "subscription_cycle"]
    assert len(billed(bench, bench.invoices(sub)[2])) == 1  # the plan alone, a year on
    change = entry(bench, sub, "downgraded")
    assert (change.at, change.mrr_after) == (now, 2400)
    assert (change.untraceable, change.visible_until) == (True, add_months(FEBRUARY, 1))


def test_a_credit_that_waits_long_shows_by_its_item_not_being_billed():
    bench, sub, swaps = started(("pro.year", 2), ("support.month", 1))
    bench.world.store.now = TEN_DAYS
    swaps.detach(sub, sub.items[1], PRORATE)
    change = entry(bench, sub, "downgraded")
    assert (change.untraceable, change.visible_until) == (True, FEBRUARY)
    bench.run_until(NEXT_YEAR + DAY)  # the renewal has the credit, which says when
    assert not entry(bench, sub, "downgraded").untraceable


def test_what_was_never_billed_is_not_credited():
    bench, sub, swaps = started(("pro.year", 2))
    bench.world.store.now = TEN_DAYS
    swaps.attach(sub, bench.price("support.month"), 1, NONE)
    bench.world.store.now += DAY
    swaps.detach(sub, sub.items[1], INVOICE)
    assert len(bench.invoices(sub)) == 1
    assert list(bench.world.store.contents("invoiceitem")) == []


@pytest.fixture(scope="module")
def company():
    company = Company(CompanyOptions(seed=2, customers=300, months=14, habits=frozenset({SWAPS})))
    company.build()
    return company


def test_only_flexible_subscriptions_have_several_intervals(company):
    mixed = 0
    for content in company.store.contents("subscription"):
        items = company.store.of_parent("subscription_item", content["id"])
        intervals = {item["price"]["recurring"]["interval"] for item in items}
        if len(intervals) > 1:
            assert content["billing_mode"]["type"] == "flexible"
            mixed += 1
    assert mixed > 10


def test_an_item_is_never_billed_twice_for_one_moment(company):
    """Whole periods of one item follow each other, unless billing began anew in between."""
    spans = {}
    for line in company.store.contents("line_item"):
        details = (line["parent"] or {}).get("subscription_item_details") or {}
        is_usage = "API calls" in line["description"]
        if details and not details["proration"] and not is_usage and line["amount"] > 0:
            period = line["period"]["start"], line["period"]["end"]
            spans.setdefault(details["subscription_item"], set()).add(period)
    assert len(spans) > 200
    for periods in spans.values():
        ordered = sorted(periods)
        assert all(one[0] < two[0] for one, two in pairwise(ordered))
