"""`stripe-saas derive`: rows on standard output, one line about bad input."""

import argparse
import json

import pytest

from stripe_saas.explain import derive as command
from unit_tests.source_stripe_saas.mrr.builders import (
    PRICES,
    coupon,
    discount,
    snapshot,
    subscription,
)

DOCUMENT = {
    "prices": PRICES,
    "coupons": {"F": {**coupon("F"), "percent_off": 12.1}},
    "discounts": {"di_1": discount(of="F")},
    "snapshots": [
        snapshot("2026-01-01", subscription(discounts=["di_1"])),
        snapshot("2026-01-02", {**subscription(), "id": "sub_0", "created": 1767312000}),
        snapshot("2026-02-01", subscription(status="canceled")),
    ],
    "now": "2026-03-01T00:00:00Z",
}


def run(path, text, capsys):
    path.write_text(text, encoding="utf-8")
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    code = command.run(parser.parse_args(["--input", str(path)]))
    return code, capsys.readouterr()


def test_rows_are_printed_one_a_line_in_ledger_order(tmp_path, capsys):
    code, printed = run(tmp_path / "in.json", json.dumps(DOCUMENT), capsys)
    rows = [json.loads(text) for text in printed.out.splitlines()]
    assert code == 0
    assert [(row["subscription_id"], row["event_type"]) for row in rows] == [
        ("sub_1", "activated"),
        ("sub_0", "activated"),
        ("sub_1", "canceled"),
    ]
    # 1000 x (1 - 12.1 / 100), from the decimal text
    assert rows[0]["mrr_exact_after"] == "879"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "is not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "now: is required"),
        ('{"now": "yesterday"}', "now: 'yesterday'"),
        ('{"now": "2026-01-01", "horizon": 5}', "horizon: 5"),
        ('{"now": "2026-01-01", "invoices": {}}', "invoices: must be a list"),
        ('{"now": "2026-01-01", "prices": []}', "prices: must be an object"),
        ('{"now": "2026-01-01", "prices": [1]}', "prices: must be an object"),
        ('{"now": "2026-01-01", "price": {}}', "price: there is no such field"),
        (
            '{"now": "2026-01-01", "subscriptions": [{"id": "sub_1", "status": "active"}]}',
            "subscriptions[0].created: is missing",
        ),
        (
            '{"now": "2026-01-01", "snapshots": [{"subscription": {}}]}',
            "snapshots[0].at",
        ),
        ('{"now": "2026-01-01", "events": [{"id": "evt_1"}]}', "events[0].type: is missing"),
        ('{"now": "2026-01-01", "options": {"trials": 1}}', "options.trials"),
        (
            '{"now": "2026-01-01", "subscriptions": [{"id": "sub_1", "status": "active",'
            ' "created": 1, "items": {"data": [{"quantity": 1}]}}]}',
            "subscription sub_1: an object of it lacks the field 'id'",
        ),
        (
            '{"now": "2026-01-01", "subscriptions": [{"id": "sub_1", "status": "active",'
            ' "created": "soon"}]}',
            "subscriptions[0].created",
        ),
        (
            '{"now": "2026-01-01", "prices": {"p": {"unit_amount": "many"}}, "subscriptions":'
            ' [{"id": "sub_1", "status": "active", "created": 1, "currency": "usd",'
            ' "items": {"data": [{"id": "si_1", "price": "p"}]}}]}',
            "prices.p: ",
        ),
        ('{"now": "2026-01-01", "options": {"days_per_year": ' + "1" * 5_000 + "}}", "digits"),
        (
            '{"now": "2026-01-01", "invoices": [{"id": "in_1", "created": 1, "parent": "sub_1"}]}',
            "invoices[0].parent: cannot be read",
        ),
        (
            '{"now": "2026-01-01", "invoices": [{"id": "in_1", "created": 1, "lines": "none"}]}',
            "invoices[0].lines: cannot be read",
        ),
        (
            '{"now": "2026-01-01", "invoices": [{"id": "in_1", "created": 1,'
            ' "lines": {"data": [{"id": "il_1", "subscription_item": 7}]}}]}',
            "invoices[0].lines: a subscription or an item of them is no id",
        ),
        (
            '{"now": "2026-01-01", "subscriptions": [{"id": "sub_1", "status": "active",'
            ' "created": 1, "customer": ["cus_1"]}]}',
            "subscriptions[0]: its subscription or customer is no id",
        ),
        (
            '{"now": "2026-01-01", "subscriptions": [{"id": 5, "status": "active", "created": 1}]}',
            "subscriptions[0].id: must be a text",
        ),
        (
            '{"now": "2026-01-01", "subscriptions": [{"id": "sub_1", "status": 5, "created": 1}]}',
            "subscriptions[0].status: must be a text",
        ),
    ],
)
def test_bad_input_is_one_line_that_names_the_field(tmp_path, capsys, text, named):
    code, printed = run(tmp_path / "in.json", text, capsys)
    assert code == 1
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    assert named in printed.err


def test_a_missing_file_is_one_line(tmp_path, capsys):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args(["--input", str(tmp_path / "none.json")])) == 1
    assert capsys.readouterr().err.count("\n") == 1
