"""One subscription's facts become its records; what is doubtful is said in the log."""

import logging
from dataclasses import replace

import pytest

from source_stripe_saas.ledger.codec import Unreadable
from source_stripe_saas.ledger.deriver import Bounds, Deriver
from source_stripe_saas.ledger.store import SubscriptionObjects
from source_stripe_saas.ledger.tally import Tally
from source_stripe_saas.mrr import COLUMNS, Catalog, Options

BORN = 1_750_000_000
DAY = 86_400
BOUNDS = Bounds(upper=BORN + 10 * DAY, horizon=BORN - DAY, window_start=BORN - 2 * DAY)
PRICE = {
    "id": "price_1",
    "currency": "usd",
    "billing_scheme": "per_unit",
    "unit_amount": 1500,
    "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
}


def a_subscription(price="price_1"):
    return {
        "id": "sub_1",
        "created": BORN,
        "status": "active",
        "currency": "usd",
        "customer": "cus_1",
        "items": {"data": [{"id": "si_1", "price": price, "quantity": 2}]},
    }


@pytest.fixture
def warnings(caplog):
    caplog.set_level(logging.WARNING, "airbyte.source_stripe_saas")
    logger = logging.getLogger("airbyte.source_stripe_saas")
    logger.addHandler(caplog.handler)
    yield lambda: [record.getMessage() for record in caplog.records]
    logger.removeHandler(caplog.handler)


def test_a_record_has_the_columns_and_nothing_else():
    deriver = Deriver(Catalog({"price_1": PRICE}), Options(), BOUNDS)
    [row] = deriver.derived(SubscriptionObjects("sub_1", a_subscription()), None).rows
    assert tuple(row) == COLUMNS
    assert (row["event_type"], row["mrr_after"]) == ("activated", 3000)


def test_a_price_that_nothing_tells_of_counts_0_and_is_named_once(warnings):
    deriver = Deriver(Catalog({"price_1": PRICE}), Options(), BOUNDS)
    for _ in range(2):
        [row] = deriver.derived(
            SubscriptionObjects("sub_1", a_subscription("price_gone")), None
        ).rows
        assert row["mrr_after"] == 0
    told = set(warnings())
    assert len(told) == 1
    assert "price_gone of sub_1 is not known" in told.pop()


def test_a_head_that_does_not_add_up_is_adjusted_and_named(warnings):
    tally = Tally()
    deriver = Deriver(Catalog({"price_1": PRICE}), Options(), BOUNDS, tally)
    first = deriver.derived(SubscriptionObjects("sub_1", a_subscription()), None)
    later = replace(deriver, bounds=replace(BOUNDS, upper=BORN + 12 * DAY, since=BOUNDS.upper))
    changed = a_subscription()
    changed["items"]["data"][0]["quantity"] = 3  # and no event says so
    [row] = later.derived(SubscriptionObjects("sub_1", changed), first.memory).rows
    assert (row["event_type"], row["mrr_before"], row["mrr_after"]) == ("adjusted", 3000, 4500)
    assert any("sub_1 did not add up" in text for text in warnings())
    assert "1 adjusted" in tally.text([])


def test_an_invoice_that_bills_something_else_is_named_and_counted(warnings):
    tally = Tally()
    row = {"event_type": "renewed", "subscription_id": "sub_1", "adjustment_reason": None}
    note = "in_2 si_1: 3000 billed a month, 2000 in the ledger"
    for check in ("agrees", "agrees", "explained", "differs", None):
        noted = note if check == "differs" else None
        tally.add([{**row, "mrr_delta": 0, "billing_check": check, "billing_note": noted}])
    assert {text for text in warnings() if "sub_1" in text} == {
        "Stream subscription_events: sub_1 does not have the MRR that its invoices bill "
        f"(minor units): {note}."
    }
    text = "Paid invoices held against MRR: 4, 1 differ as explained, 1 differ otherwise."
    assert text in tally.text([])


def test_what_cannot_be_read_is_named():
    broken = {**a_subscription(), "created": None, "items": {"data": [{"price": 5}]}}
    deriver = Deriver(Catalog({"price_1": PRICE}), Options(), BOUNDS)
    with pytest.raises(Unreadable, match="sub_1"):
        deriver.derived(SubscriptionObjects("sub_1", broken), None)
