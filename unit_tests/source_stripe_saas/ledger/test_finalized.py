"""An invoice uses up a once coupon when it is finalized, perhaps long before it is paid (M21)."""

import pytest

from unit_tests.source_stripe_saas.ledger.account import Account, first_invoice, renewal, told
from unit_tests.source_stripe_saas.mrr.builders import coupon, discount, event

pytestmark = [pytest.mark.usefixtures("no_waiting"), pytest.mark.slow]

HALF = {**coupon("HALF", 50, "once"), "created": 0}
USED = {**discount("di_1", "HALF", "2026-02-01"), "subscription": "sub_1", "object": "discount"}
ALL = {"mrr": {"discounts": "all"}}


def with_the_coupon(**more):
    carried = {"discount_amounts": [{"amount": 500, "discount": "di_1"}]}
    return renewal(of_line=carried, total=500, discounts=[USED], **more)


def an_account():
    """A renewal of 2026-02-01 with half off once; its payment comes four days later."""
    account = Account()
    account.lists["coupons"].append(HALF)
    return account


def finalize(account):
    found = with_the_coupon(status="open")
    account.lists["invoices"].insert(0, found)
    account.lists["events"].insert(0, event("evt_f", "invoice.finalized", "2026-02-01", found))


def pay(account):
    found = with_the_coupon(paid="2026-02-05")
    account.lists["invoices"][0] = found
    account.lists["events"].insert(0, event("evt_p", "invoice.paid", "2026-02-05", found))


def test_the_coupon_counts_from_the_sync_after_the_invoice_was_finalized():
    account = an_account()
    assert told(account.sync("2026-01-20", config=ALL)) == [
        ("activated", "2026-01-01", 0, 1000),
        ("first_payment", "2026-01-01", 1000, 1000),
    ]
    finalize(account)
    assert told(account.sync("2026-02-03", config=ALL)) == [
        ("discount_applied", "2026-02-01", 1000, 500)
    ]
    pay(account)
    assert told(account.sync("2026-02-10", config=ALL)) == [("renewed", "2026-02-05", 500, 500)]
    # Half of $10.00 for February, and no invoice yet that says otherwise of March.
    assert told(account.sync("2026-03-02", config=ALL)) == [
        ("discount_expired", "2026-03-01", 500, 1000)
    ]


def test_syncs_before_and_after_its_payment_give_the_rows_of_one():
    account, other = an_account(), an_account()
    account.sync("2026-01-20", config=ALL)
    other.sync("2026-01-20", config=ALL)
    finalize(account)
    finalize(other)
    account.sync("2026-02-03", config=ALL)
    pay(account)
    pay(other)
    account.sync("2026-02-10", config=ALL)
    other.sync("2026-02-10", config=ALL)
    assert account.rows == other.rows
    assert len(account.rows) == 4


def test_a_first_sync_between_the_two_dates_it_alike():
    account = an_account()
    account.lists["invoices"] = [first_invoice()]
    finalize(account)
    rows = account.sync("2026-02-03", config=ALL)
    assert told(rows)[2:] == [("discount_applied", "2026-02-01", 1000, 500)]
