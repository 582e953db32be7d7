"""The other books of a company, by hand: what another tool would count."""

from fractions import Fraction

import pytest

from stripe_sandbox.company.ledger import Ledger, LedgerEntry
from stripe_sandbox.company.other_books import as_csv, mrr_per_subscriber
from stripe_sandbox.company.valuation import Coupon, Discount, Part, Price, Snapshot

WEEKLY = Price("price_w", "prod", "usd", "week", 1, {"usd": Fraction(1000)})
VAT = Fraction(20)


def entry(status, at=100, key="sub_1"):
    zero = Fraction(0)
    return LedgerEntry(
        *(key, "cus_1", "usd", at, "activated", zero, zero, 0, 0, zero, zero, None, status)
    )


def held(**more):
    given = {"counts": True, "tax_percent": VAT, **more}
    return Snapshot((Part(WEEKLY, 1),), given.pop("group", ()), "usd", **given)


def counted(*pairs, ends_at=200):
    ledger = Ledger()
    for one, snapshot in pairs:
        ledger.add(one, snapshot)
    return mrr_per_subscriber(ledger, ends_at)[("cus_1", "usd")]


@pytest.mark.parametrize(
    ("status", "more", "minor"),
    [
        ("active", {}, 4800),  # 1000 x 4 and 20 percent
        ("active", {"tax_percent": Fraction(0)}, 4000),
        ("trialing", {"counts": False}, 4800),
        ("trialing", {"cap": Fraction(3000)}, 3600),
        ("past_due", {}, 0),
        ("active", {"is_leaving": True}, 0),
        ("active", {"is_held_back": True, "counts": False}, 0),
        ("canceled", {"counts": False}, 0),
    ],
)
def test_what_each_state_counts(status, more, minor):
    assert counted((entry(status), held(**more))) == minor


def test_only_coupons_for_ever_lower_it():
    def off(duration):
        return (Discount("di", Coupon("c", duration, percent_off=Fraction(50)), 0, None),)

    assert counted((entry("active"), held(group=off("forever")))) == 2400
    assert counted((entry("active"), held(group=off("repeating")))) == 4800


def test_a_customer_is_rounded_once_and_later_changes_do_not_count():
    third = Price("price_m", "prod", "usd", "month", 3, {"usd": Fraction(1)})
    part = Snapshot((Part(third, 1),), (), "usd", True)  # 1/3 of a cent a month, three times
    pairs = [(entry("active", key=f"sub_{n}"), part) for n in range(3)]
    assert counted(*pairs) == 1
    assert counted(*pairs, (entry("canceled", at=200, key="sub_0"), held(counts=False))) == 1


def test_amounts_are_written_in_the_main_unit():
    text = as_csv({("cus_1", "usd"): 5, ("cus_2", "jpy"): 5, ("cus_3", "kwd"): 1005}, "2026-05")
    assert text.splitlines()[1:] == [
        "cus_1,usd,2026-05,0.05",
        "cus_2,jpy,2026-05,5",
        "cus_3,kwd,2026-05,1.005",
    ]
