"""`stripe-saas explain`: a ledger in words, with arithmetic that a person can follow."""

import argparse
import json
from fractions import Fraction

import pytest

from source_stripe_saas.mrr import EVENT_TYPES
from stripe_saas.explain import explain as command
from stripe_saas.explain.arithmetic import money
from stripe_saas.explain.wording import WORDS
from unit_tests.source_stripe_saas.mrr.builders import (
    PRICES,
    coupon,
    discount,
    invoice,
    item,
    line,
    on,
    price,
    snapshot,
    subscription,
)

WEEKLY = price("w", "700", interval="week")
TIERED = price(
    "t",
    None,
    interval="year",
    billing_scheme="tiered",
    tiers_mode="graduated",
    tiers=[{"up_to": 5, "unit_amount": 6000, "flat_amount": 1000}, {"unit_amount": 5000}],
)
DOCUMENT = {
    "prices": {**PRICES, "w": WEEKLY, "t": TIERED},
    "coupons": {"F": {**coupon("F"), "percent_off": 12.5}, "R": coupon("R", duration="repeating")},
    "discounts": {"di_1": discount(of="F"), "di_2": discount("di_2", of="R", end="2027-01-01")},
    "snapshots": [
        snapshot("2026-01-01", subscription(item(quantity=3), item("si_2", "y120"))),
        snapshot(
            "2026-02-01",
            subscription(item(quantity=3), item("si_2", "y120"), discounts=["di_1", "di_2"]),
        ),
        snapshot("2026-03-01", subscription(item(of="w"), item("si_t", "t", 7))),
        snapshot(
            "2026-04-01",
            subscription(item(of="w"), pause_collection={"behavior": "void", "resumes_at": None}),
        ),
    ],
    "now": "2026-05-01T00:00:00Z",
}


def explained(tmp_path, capsys, *arguments, document=None):
    path = tmp_path / "in.json"
    path.write_text(document or json.dumps(DOCUMENT), encoding="utf-8")
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    code = command.run(parser.parse_args(["sub_1", "--input", str(path), *arguments]))
    return code, capsys.readouterr()


def test_the_row_of_an_invoice_says_whether_it_bills_this_mrr(tmp_path, capsys):
    cut = [{"discount": "di_2", "amount": 500}]
    bills = [
        invoice("in_0", "2026-01-01", line("il_0", "2026-01-01", "2026-02-01")),
        invoice(
            "in_1",
            "2026-02-01",
            line("il_1", "2026-02-01", "2026-03-01", discount_amounts=cut),
            total=500,
        ),
    ]
    held = subscription(item(discounts=["di_2"]))
    document = {**DOCUMENT, "snapshots": [], "subscriptions": [held], "invoices": bills}
    document["discounts"] = {"di_2": discount("di_2", of="R", start="2026-01-20", end="2027-01-01")}
    _, printed = explained(tmp_path, capsys, document=json.dumps(document))
    assert "\n      Billing: the invoice comes to this MRR.\n" in printed.out
    assert (
        "\n      Billing: the invoice comes to something else, in minor units, as explained: "
        "in_1 si_1: 500 billed a month, 1000 in the ledger: di_2 is not counted by the option "
        "discounts.\n"
    ) in printed.out


def test_each_row_says_what_happened_and_how_its_value_is_worked_out(tmp_path, capsys):
    code, printed = explained(tmp_path, capsys)
    assert code == 0
    text = printed.out
    # 3 x 1000 + 12000 / 12
    assert "= 3 x 10.00 + 1 x 120.00 / 12 months = 40.00\n" in text
    # 4000 x (1 - 1/8); the repeating one does not count by default
    assert "less 12.5 % (di_1), 50 % repeating (di_2) not counted: 35.00" in text
    assert "A discount was applied (di_1, forever)." in text
    # 700 x 52 / 12 = 3033 1/3; (5 x 6000 + 1000 + 2 x 5000) / 12 = 3416 2/3; together 6450
    assert "1 x 7.00 x 52 weeks / (1 week x 12) + 410.00 (7 in graduated tiers) / 12 months" in text
    assert "= 64.50" in text
    assert "but it counts 0: collection is paused (void)" in text
    assert "MRR at 2026-05-01T00:00:00Z: 0.00 USD" in text
    assert "from a snapshot of the subscription; the time is exact" in text


def test_the_value_of_a_free_period_is_explained_by_what_was_paid_before(tmp_path, capsys):
    free = {"status": "trialing", "trial_start": on("2026-02-01"), "trial_end": on("2026-03-01")}
    shots = [
        snapshot("2026-01-01", subscription()),
        snapshot("2026-02-01", subscription(**free)),
        snapshot("2026-02-10", subscription(item(of="p30"), **free)),
    ]
    text = explained(tmp_path, capsys, document=json.dumps({**DOCUMENT, "snapshots": shots}))[1].out
    assert "A free period was given to a paying subscription." in text
    assert "Upgraded (1 of p10 → 1 of p30)." in text


def test_what_rests_on_an_estimate_is_called_one(tmp_path, capsys):
    def bill(number, quantity):
        start, end = f"2026-0{number}-01", f"2026-0{number + 1}-01"
        taken = [{"discount": "di_x", "amount": 300}]
        billed = line(f"il_{number}", start, end, "p10", quantity, 1000 * quantity,
                      discount_amounts=taken)  # fmt: skip
        reason = "subscription_create" if number == 1 else "subscription_cycle"
        return invoice(f"in_{number}", start, billed, reason=reason)

    given = {
        "prices": PRICES,
        "subscriptions": [subscription(item(quantity=4), discounts=["di_x"])],
        "invoices": [bill(1, 1), bill(2, 4)],
        "now": "2026-02-20T00:00:00Z",
    }
    text = explained(tmp_path, capsys, document=json.dumps(given))[1].out
    assert (
        "= 4 x 10.00 = 40.00, less an estimated 3.00 an invoice on some products (di_x): 37.00"
        in text
    )
    assert "Estimated: the coupon of di_x has been deleted; its terms are worked back" in text
    known = {**given, "discounts": {"di_x": discount("di_x", of="A")}, "coupons": {
        "A": {"id": "A", "amount_off": 300, "currency": "usd", "duration": "forever"}}}  # fmt: skip
    text = explained(tmp_path, capsys, document=json.dumps(known))[1].out
    assert "less 3.00 an invoice (di_x): 37.00" in text
    assert "stimated" not in text


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1999, "usd", "19.99"),
        (5, "usd", "0.05"),
        (-5, "usd", "-0.05"),
        (1200, "jpy", "1200"),
        (Fraction(25_000, 3), "kwd", "8.3333333…"),
        (Fraction(1, 8), "usd", "0.00125"),
        (0, "usd", "0.00"),
    ],
)
def test_money_is_written_in_the_currencys_own_decimals(minor, currency, text):
    assert money(minor, currency) == text


def test_there_are_words_for_every_type_of_row():
    assert set(WORDS) == set(EVENT_TYPES)


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"now": "2026-01-01"}', "sub_1: there is no row of it up to 2026-01-01"),
        ('{"now": "2026-01-01", "options": {"trials": "yes"}}', "options.trials: 'yes'"),
        ("{}", "now: is required"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, capsys, document, named):
    code, printed = explained(tmp_path, capsys, document=document)
    assert code == 1
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert named in printed.err
