"""The bridge from MRR to cash and deferred revenue (M62 to M65): a company written by hand.

January to March 2026, in dollars. Every figure is worked out beside it, in cents.

Year pays 365.00 for 2026 on 1 January, with 20 % tax on top: 36500 + 7300.
Plan pays 31.00 a month. On 11 January it grows to 62.00: 21 of 31 days are credited at 31.00 and
billed at 62.00, on the invoice of 1 February. Its calls of January, 4.00, are billed there too.
Note owes 28.00 for February; a note takes 8.00 of it before it pays. 4.00 of its next invoice are
taken off by a note that is voided.
Gone owes 31.00 for January, void on 21 January. Lost owes 31.00, which are written off.
Cheque buys for 7.00 and pays outside of Stripe. Once buys for 50.00 with 10.00 off, of which its
balance pays 15.00; 5.00 are refunded, and 10.00 were disputed and won.
In pounds, tax inside: 120.00 for 2026 and 12.00 for January, which a note takes back. In kroner
10.00, owed from January to March.
"""

from __future__ import annotations

import pytest

from integration_tests.warehouse.handmade import Handmade, life, seconds

pytestmark = pytest.mark.slow

NOW = "2026-03-15 12:00"


def at(day: str, clock: str = "00:00") -> int:
    """Unix seconds of a day of 2026, as "01-31"."""
    return seconds(f"2026-{day} {clock}")


def invoice(key, finalized, total, status="paid", paid=None, **more):
    """An invoice in dollars; one that was paid was paid in whole, unless it says otherwise."""
    moments = {"finalized_at": at(finalized), **more.pop("moments", {})}
    if status == "paid":
        moments["paid_at"] = at(paid or finalized)
    due = more.pop("due", total)
    return {
        "id": f"in_{key}",
        "customer": f"cus_{key.split('_')[0]}",
        "status": status,
        "currency": "usd",
        "created": at(finalized),
        "total": total,
        "amount_due": due,
        "amount_paid": due if status == "paid" else 0,
        "amount_remaining": 0 if status == "paid" else due,
        "starting_balance": 0,
        "ending_balance": 0,
        "status_transitions": moments,
        **more,
    }


def line(key, of, amount, start, end, kind="recurring", **more):
    """A line of an invoice for the days from `start` to before `end`."""
    parent = {
        "type": "invoice_item_details",
        "invoice_item_details": {"proration": kind == "proration"},
    }
    if kind in ("recurring", "usage"):
        parent = {
            "type": "subscription_item_details",
            "subscription_item_details": {"subscription": "sub_1", "proration": False},
        }
    price = "price_calls" if kind == "usage" else "price_plan"
    return {
        "id": f"il_{key}",
        "invoice": f"in_{of}",
        "amount": amount,
        "currency": "usd",
        "parent": parent,
        "period": {"start": seconds(start), "end": seconds(end)},
        "pricing": {"price_details": {"price": price}},
        **more,
    }


def credit_note(key, of, amount, day, lines, **more):
    """A credit note before payment, with amounts by line; None for words of its own."""
    return {
        "id": f"cn_{key}",
        "invoice": f"in_{of}",
        "customer": "cus_note",
        "currency": "usd",
        "created": at(day),
        "amount": amount,
        "total_excluding_tax": amount,
        "pre_payment_amount": amount,
        "type": "pre_payment",
        "status": "issued",
        "lines": {
            "data": [
                {"id": f"cnli_{key}_{n}", "amount": part, "invoice_line_item": of_line}
                for n, (of_line, part) in enumerate(lines)
            ]
        },
        **more,
    }


def taxed_note(of, name, taxes):
    """A credit note for all of an invoice's January, 10.00 and 2.00 of tax inside."""
    note = credit_note(of, of, 1200, "01-10", [(f"il_{of}_month", 1200)], total_excluding_tax=1000,
                       type="post_payment", pre_payment_amount=0)  # fmt: skip
    note["lines"]["data"][0][name] = taxes
    return note


def paid(key, of, amount, day):
    """An invoice's payment, its charge and the charge's balance transaction; fee of 1 %."""
    charge = {
        "id": f"ch_{key}",
        "currency": "usd",
        "created": at(day),
        "amount": amount,
        "amount_captured": amount,
        "status": "succeeded",
        "captured": True,
        "payment_intent": f"pi_{key}",
    }
    payment = of and {
        "id": f"inpay_{key}",
        "invoice": f"in_{of}",
        "status": "paid",
        "amount_paid": amount,
        "payment": {"type": "payment_intent", "payment_intent": f"pi_{key}"},
        "status_transitions": {"paid_at": at(day)},
    }
    return charge, payment, moved(key, day, amount, amount // 100, "charge")


def moved(key, day, amount, fee, kind, category=None):
    """A balance transaction."""
    return {
        "id": f"txn_{key}",
        "currency": "usd",
        "created": at(day),
        "amount": amount,
        "fee": fee,
        "net": amount - fee,
        "type": kind,
        "reporting_category": category or kind,
        "source": f"ch_{key}" if kind == "charge" else None,
    }


YEAR, NEXT = "2026-01-01", "2027-01-01"
JAN, FEB, MAR, APR = "2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"
PAID = [
    paid("year", "year", 43800, "01-01"),
    paid("plan_1", "plan_1", 3100, "01-01"),
    paid("note_1", "note_1", 2000, "02-03"),
    paid("once", "once", 2500, "01-20"),
    paid("plan_2", "plan_2", 8700, "02-01"),
    # A charge for no invoice.
    paid("shop", None, 900, "02-10"),
]
REST = [
    {**entry, "currency": "chf"}
    for entry in (
        moved("rest", "02-19", 1500, 0, "charge"),
        moved("instant", "02-20", -1000, 10, "payout"),
        moved("po_rest", "03-05", -490, 0, "payout"),
    )
]
RECORDS = {
    "subscription_events": [
        *life("sub_year", "cus_year", ("2026-01-01", "activated", 3042)),
        *life("sub_plan", "cus_plan", ("2026-01-01", "activated", 3100),
              ("2026-01-11", "upgraded", 6200)),
    ],
    "prices": [
        {"id": "price_plan", "currency": "usd", "recurring": {"usage_type": "licensed"}},
        {"id": "price_calls", "currency": "usd", "recurring": {"usage_type": "metered"}},
    ],
    "invoices": [
        invoice("year", "01-01", 43800),
        invoice("plan_1", "01-01", 3100),
        invoice("plan_2", "02-01", 8700),
        invoice("note_1", "02-01", 2800, due=2000, paid="02-03"),
        invoice("note_2", "03-01", 3100, status="open"),
        invoice("gone", "01-01", 3100, status="void", moments={"voided_at": at("01-21")}),
        invoice("lost", "01-01", 3100, status="uncollectible",
                moments={"marked_uncollectible_at": at("02-28")}),
        # Paid outside of Stripe.
        invoice("cheque", "02-10", 700, paid="03-02"),
        invoice("once", "01-20", 4000, due=2500, starting_balance=-1500),
        invoice("draft", "03-10", 9999, status="draft"),
        invoice("rounded", "01-15", 0, currency="eur"),
        invoice("inside", "01-01", 13200, currency="gbp"),
        invoice("older", "01-01", 13200, currency="aud"),
        invoice("late", "01-05", 1000, currency="nok", paid="03-10"),
    ],
    "invoice_line_items": [
        line("year", "year", 36500, YEAR, NEXT,
             taxes=[{"amount": 7300, "tax_behavior": "exclusive"}]),
        line("plan_1", "plan_1", 3100, JAN, FEB),
        line("plan_2", "plan_2", 6200, FEB, MAR),
        line("credit", "plan_2", -2100, "2026-01-11", FEB, "proration"),
        line("debit", "plan_2", 4200, "2026-01-11", FEB, "proration"),
        line("calls", "plan_2", 400, JAN, FEB, "usage"),
        line("note_1", "note_1", 2800, FEB, MAR),
        line("note_2", "note_2", 3100, MAR, APR),
        line("gone", "gone", 3100, JAN, FEB),
        line("lost", "lost", 3100, JAN, FEB),
        line("cheque", "cheque", 700, "2026-02-10", "2026-02-10", "one_off"),
        # Tax inside of the price: a sixth of the 40.00 that are left.
        line("once", "once", 5000, "2026-01-20", "2026-01-20", "one_off",
             discount_amounts=[{"discount": "di_1", "amount": 1000}],
             taxes=[{"amount": 667, "tax_behavior": "inclusive"}]),
        line("draft", "draft", 9999, MAR, APR),
        line("up", "rounded", 100, "2026-01-30", "2026-02-02"),
        line("down", "rounded", -100, "2026-01-30", "2026-02-02"),
        line("half", "rounded", 1, "2026-01-31", "2026-02-02"),
        line("half_down", "rounded", -1, "2026-01-31", "2026-02-02"),
        line("inside_year", "inside", 12000, YEAR, NEXT, taxes=[
            {"amount": 2000, "tax_behavior": "inclusive"}]),
        line("inside_month", "inside", 1200, JAN, FEB, taxes=[
            {"amount": 200, "tax_behavior": "inclusive"}]),
        line("older_year", "older", 12000, YEAR, NEXT,
             taxes=[{"amount": 2000, "tax_behavior": "inclusive"}]),
        line("older_month", "older", 1200, JAN, FEB,
             taxes=[{"amount": 200, "tax_behavior": "inclusive"}]),
        line("late", "late", 1000, "2026-01-05", "2026-01-05", "one_off"),
    ],
    "credit_notes": [
        # 6.00 of the line, 2.00 in words: they take the largest line's days.
        credit_note("one", "note_1", 800, "02-02", [("il_note_1", 600), (None, 200)]),
        credit_note("two", "note_2", 400, "03-03", [("il_note_2", 400)],
                    status="void", voided_at=at("03-04")),
        # The tax inside is in the note's line, beside tax on top that is not; as today's versions
        # of the API say it, and older ones.
        taxed_note("inside", "taxes", [
            {"amount": 200, "tax_behavior": "inclusive"},
            {"amount": 90, "tax_behavior": "exclusive"}]),
        taxed_note("older", "tax_amounts", [
            {"amount": 200, "inclusive": True}, {"amount": 90, "inclusive": False}]),
    ],
    "charges": [charge for charge, _, _ in PAID],
    "invoice_payments": [payment for _, payment, _ in PAID if payment],
    "balance_transactions": [
        *(entry for _, _, entry in PAID),
        moved("refund", "02-05", -500, 0, "refund"),
        moved("dispute", "02-06", -1000, 1500, "adjustment", "dispute"),
        moved("won", "03-06", 1000, 0, "adjustment", "dispute_reversal"),
        moved("po_1", "02-15", -48406, 0, "payout"),
        moved("po_2", "03-02", -9000, 0, "payout"),
        *REST,
    ],
    "payouts": [
        {"id": "po_1", "currency": "usd", "created": at("02-15"), "amount": 48406,
         "automatic": True, "status": "paid", "balance_transaction": "txn_po_1",
         "reconciliation_status": "completed"},
        {"id": "po_2", "currency": "usd", "created": at("03-02"), "amount": 9000,
         "automatic": True, "status": "paid", "balance_transaction": "txn_po_2",
         "reconciliation_status": "completed"},
        # What an instant payout left of 15.00.
        {"id": "po_rest", "currency": "chf", "created": at("03-02", "12:00"), "amount": 490,
         "automatic": True, "status": "paid", "balance_transaction": "txn_po_rest",
         "reconciliation_status": "completed"},
        # Made by hand, and one under way: nobody says what is in them.
        {"id": "po_hand", "currency": "usd", "created": at("03-03"), "amount": 5,
         "automatic": False, "status": "paid"},
        {"id": "po_under_way", "currency": "usd", "created": at("03-14"), "amount": 7,
         "automatic": True, "status": "pending", "reconciliation_status": "in_progress"},
        # Nothing was read of what is in it, though Stripe says that it is all named.
        {"id": "po_unread", "currency": "usd", "created": at("03-15"), "amount": 11,
         "automatic": True, "status": "paid", "reconciliation_status": "completed"},
    ],
    "payout_balance_transactions": [
        {**entry, "payout": payout}
        for payout, keys in (
            ("po_1", ("year", "plan_1", "once", "refund", "po_1")),
            ("po_2", ("plan_2", "note_1", "shop", "dispute", "po_2")),
        )
        for entry in [
            *(entry for _, _, entry in PAID),
            moved("refund", "02-05", -500, 0, "refund"),
            moved("dispute", "02-06", -1000, 1500, "adjustment", "dispute"),
            moved("po_1", "02-15", -48406, 0, "payout"),
            moved("po_2", "03-02", -9000, 0, "payout"),
        ]
        if entry["id"] in {f"txn_{key}" for key in keys}
    ] + [
        {**entry, "payout": "po_rest"} for entry in REST
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    made = Handmade(tmp_path_factory.mktemp("cash"), RECORDS, NOW)
    result = made.build(
        "--indirect-selection=cautious", "--select", "+mrr_to_cash", "+deferred_revenue_monthly",
        "+deferred_revenue_lines", "+payout_reconciliation", "+payout_transactions",
        "+balance_monthly", "+balance_ledger", "+invoice_details", "+invoice_line_details",
    )  # fmt: skip
    assert result.success, result.bad
    assert [name.split(".")[2] for name in result.bad] == [
        "automatic_payouts_are_their_transactions"
    ]
    return made


BRIDGE = {
    # January, February, March
    "closing_mrr": (3042 + 6200, 3042 + 6200, 3042 + 6200),
    "prepayments": (36500, 0, 0),
    # January bills 3 x 3100 beside the year, February 6200 + 2800, March 3100.
    "mrr_timing": (45800 - 9242 - 36500, 9000 - 9242, 3100 - 9242),
    "recurring": (36500 + 3 * 3100, 6200 + 2800, 3100),
    "prorations": (0, 4200 - 2100, 0),
    "usage": (0, 400, 0),
    "one_off": (5000 - 667, 700, 0),
    "discounts": (-1000, 0, 0),
    "tax": (7300 + 667, 0, 0),
    "other_invoiced": (0, 0, 0),
    "invoiced": (43800 + 3 * 3100 + 4000, 8700 + 2800 + 700, 3100),
    "opening_receivables": (0, 3100, 700),
    "customer_balance": (-1500, 0, 0),
    "credit_notes": (0, -800, -400 + 400),
    "voids": (-3100, 0, 0),
    "write_offs": (0, -3100, 0),
    # January leaves Lost's 3100, February the cheque's 700, March Note's 3100.
    "closing_receivables": (3100, 700, 3100),
    "collected": (43800 + 3100 + 2500, 8700 + 2000, 700),
    "collected_elsewhere": (0, 0, -700),
    "other_charges": (0, 900, 0),
    "payment_timing": (0, 0, 0),
    "charged": (43800 + 3100 + 2500, 8700 + 2000 + 900, 0),
    "settlement": (0, 0, 0),
    "gross": (49400, 11600, 0),
    "refunds": (0, -500, 0),
    "disputes": (0, -1000, 1000),
    "fees": (-(438 + 31 + 25), -(87 + 20 + 9) - 1500, 0),
    "other": (0, 0, 0),
    "net": (49400 - 494, 11600 - 500 - 1000 - 1616, 1000),
    "payouts": (0, -48406, -9000),
    "balance_change": (48906, 8484 - 48406, 1000 - 9000),
}


@pytest.mark.parametrize("name", BRIDGE)
def test_the_way_from_mrr_to_the_bank_was_worked_out_by_hand(built, name):
    rows = built.rows(
        f"select {name}_minor from mrr_to_cash where currency = 'usd' order by date_month"
    )
    assert tuple(row[0] for row in rows) == BRIDGE[name]


LINES = {
    # Line -> recognised by month from January on, billed less what is taken back.
    # 365.00 in 365 days: 1.00 a day.
    "year": ([3100, 2800, 3100, 3000, 3100, 3000, 3100, 3100, 3000, 3100, 3000, 3100], 36500),
    "plan_1": ([3100], 3100),
    "plan_2": ([0, 6200], 6200),
    # For days before the billing: all of it on its day.
    "credit": ([0, -2100], -2100),
    "debit": ([0, 4200], 4200),
    "calls": ([0, 400], 400),
    # 2800 less 600 and 200.
    "note_1": ([0, 2000], 2000),
    # 400 taken back on the 3rd are there again on the 4th.
    "note_2": ([0, 0, 3100], 3100),
    # 20 days were earned until the invoice was void, and are taken back.
    "gone": ([0], 0),
    # What is written off was earned all the same.
    "lost": ([3100], 3100),
    "cheque": ([0, 700], 700),
    "once": ([5000 - 1000 - 667], 3333),
}


@pytest.mark.parametrize("key", LINES)
def test_a_line_is_recognised_straight_line_by_day(built, key):
    recognised, amount = LINES[key]
    rows = built.rows(
        "select month(date_month) + 12 * (year(date_month) - 2026), recognised_minor, "
        "billed_minor + credit_notes_minor + voids_minor, closing_minor "
        f"from deferred_revenue_lines where line_id = 'il_{key}' order by date_month"
    )
    told = {row[0]: row[1] for row in rows}
    assert [told.get(n, 0) for n in range(1, len(recognised) + 1)] == recognised
    assert max(told) == len(recognised)
    assert sum(row[2] for row in rows) == amount == sum(recognised)
    assert rows[-1][3] == 0


def test_deferred_revenue_rolls_forward(built):
    assert built.rows(
        "select opening_minor, billed_minor, credit_notes_minor, voids_minor, recognised_minor, "
        "closing_minor, is_future from deferred_revenue_monthly where currency = 'usd' "
        "order by date_month limit 4"
    ) == [
        # Billed 36500 + 3 x 3100 + 3333; earned 3100 of the year, 3100 twice and 3333.
        (0, 49133, 0, -3100, 12633, 33400, False),
        # Billed 6200 - 2100 + 4200 + 400, 2800 and 700; all of it is earned, and 2800 of the year.
        (33400, 12200, -800, 0, 14200, 30600, False),
        (30600, 3100, 0, 0, 6200, 27500, False),
        (27500, 0, 0, 0, 3000, 24500, True),
    ]


def test_a_payout_is_its_transactions_and_where_nobody_names_them_nothing_is_said(built):
    assert built.rows(
        "select payout_id, transactions, gross_minor, refunds_minor, disputes_minor, fees_minor, "
        "transactions_minor, difference_minor from payout_reconciliation order by created_at"
    ) == [
        # 43800 + 3100 + 2500 less 438 + 31 + 25, less 500.
        ("po_1", 4, 49400, -500, 0, -494, 48406, 0),
        # 8700 + 2000 + 900 less 87 + 20 + 9, less 1000 and the fee of 1500: 8984.
        ("po_2", 4, 11600, 0, -1000, -116 - 1500, 8984, 9000 - 8984),
        # Another payout's transaction is part of it: 1500 - 1000 - 10.
        ("po_rest", 2, 1500, 0, 0, -10, 490, 0),
        ("po_hand", 0, 0, 0, 0, 0, 0, None),
        ("po_under_way", 0, 0, 0, 0, 0, 0, None),
        ("po_unread", 0, 0, 0, 0, 0, 0, 11),
    ]


def test_rounding_leaves_no_cent_behind(built):
    # 100 in 3 days over a month's end: 33, 67, 100 by the days' ends. Half a cent goes away from 0.
    assert built.rows(
        "select line_id, sum(recognised_minor) filter (date_month = '2026-01-01')::int, "
        "sum(recognised_minor)::int from deferred_revenue_lines where currency = 'eur' "
        "group by 1 order by 1"
    ) == [("il_down", -67, -100), ("il_half", 1, 1), ("il_half_down", -1, -1), ("il_up", 67, 100)]


def test_a_note_takes_back_what_it_names_without_the_tax_inside(built):
    # January of the year: 31/365 x 10000 = 849.3, and 10000 - 849 = 9151 are left.
    rows = [("month", 1000, -1000, 0, 0), ("year", 10000, 0, 849, 9151)]
    assert built.rows(
        "select line_id, billed_minor, credit_notes_minor, recognised_minor, closing_minor "
        "from deferred_revenue_lines where currency in ('gbp', 'aud') "
        "and date_month = '2026-01-01' order by 1"
    ) == [(f"il_{of}_{row[0]}", *row[1:]) for of in ("inside", "older") for row in rows]


def test_what_is_owed_is_owed_in_a_month_in_which_nothing_happens(built):
    assert built.rows(
        "select strftime(date_month, '%m'), opening_receivables_minor, invoiced_minor, "
        "collected_minor, closing_receivables_minor, mrr_timing_minor "
        "from mrr_to_cash where currency = 'nok' order by 1"
    ) == [("01", 0, 1000, 0, 1000, 0), ("02", 1000, 0, 0, 1000, 0), ("03", 1000, 0, 1000, 0, 0)]


INVOICES = {
    # Invoice -> its parts, in the order of the columns, what was owed in the end, days overdue.
    "once": ("one_off 4333 discounts -1000 tax 667 customer_balance -1500 collected 2500", 0, None),
    "year": ("recurring 36500 tax 7300 collected 43800", 0, None),
    "plan_2": ("recurring 6200 prorations 2100 usage 400 collected 8700", 0, None),
    "note_1": ("recurring 2800 credit_notes -800 collected 2000", 0, None),
    # The note of 4.00 was voided; 1 March to 15 March, as no day was set.
    "note_2": ("recurring 3100", 3100, 14),
    "gone": ("recurring 3100 voids -3100", 0, None),
    "lost": ("recurring 3100 write_offs -3100", 0, None),
    "cheque": ("one_off 700 collected 700", 0, None),
    # 11000 and 2200 with a sixth of tax each inside; paid, and 1200 given back afterwards.
    "inside": ("recurring 11000 tax 2200 collected 13200 later_credit_notes -1200", 0, None),
}
PARTS = (
    *("recurring", "prorations", "usage", "one_off", "discounts", "tax", "other_invoiced"),
    *("customer_balance", "credit_notes", "voids", "write_offs", "collected"),
    "later_credit_notes",
)


@pytest.mark.parametrize("key", INVOICES)
def test_an_invoice_says_what_it_is_made_of_and_what_is_owed(built, key):
    columns = ", ".join(f"{part}_minor" for part in PARTS)
    [row] = built.rows(
        f"select {columns}, receivable_minor, days_overdue from invoice_details "
        f"where invoice_id = 'in_{key}'"
    )
    parts = " ".join(f"{part} {value}" for part, value in zip(PARTS, row, strict=False) if value)
    assert (parts, *row[-2:]) == INVOICES[key]


def test_a_line_says_what_was_taken_back_of_it(built):
    rows = built.rows(
        "select line_id, line_kind, total_minor, revenue_minor, credit_notes_minor, voids_minor, "
        "net_revenue_minor from invoice_line_details where line_id in "
        "('il_once', 'il_credit', 'il_note_1', 'il_gone', 'il_year', 'il_inside_month') order by 1"
    )
    assert rows == [
        ("il_credit", "proration", -2100, -2100, 0, 0, -2100),
        ("il_gone", "recurring", 3100, 3100, 0, -3100, 0),
        ("il_inside_month", "recurring", 1200, 1000, -1000, 0, 0),
        ("il_note_1", "recurring", 2800, 2800, -800, 0, 2000),
        ("il_once", "one_off", 4000, 3333, 0, 0, 3333),
        ("il_year", "recurring", 43800, 36500, 0, 0, 36500),
    ]


def test_a_payout_is_itemised(built):
    rows = built.rows(
        "select balance_transaction_id, category, net_minor, invoice_id from payout_transactions "
        "where payout_id = 'po_1' order by 1"
    )
    # 43362 + 3069 + 2475 - 500 = 48406, what was paid out.
    assert rows == [
        ("txn_once", "charge", 2500 - 25, "in_once"),
        ("txn_plan_1", "charge", 3100 - 31, "in_plan_1"),
        ("txn_refund", "refund", -500, None),
        ("txn_year", "charge", 43800 - 438, "in_year"),
    ]
    # An instant payout of 10.00 and its fee of 0.10 are part of what is left of 15.00.
    assert built.rows(
        "select category, net_minor from payout_transactions where payout_id = 'po_rest' order by 1"
    ) == [("charge", 1500), ("payout", -1010)]


def test_the_balance_of_a_month_rolls_forward(built):
    assert built.rows(
        "select opening_minor, net_minor, payouts_minor, closing_minor from balance_monthly "
        "where currency = 'usd' order by date_month"
    ) == [(0, 48906, 0, 48906), (48906, 8484, -48406, 8984), (8984, 1000, -9000, 984)]
