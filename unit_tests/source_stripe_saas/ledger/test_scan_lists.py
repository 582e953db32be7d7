"""A scan's lists: who is told that they have ended, what is kept, and what is read again when."""

import tempfile

import pytest

from source_stripe_saas.engine import cursor
from source_stripe_saas.ledger import progress, row_batches
from source_stripe_saas.mrr import Options
from unit_tests.source_stripe_saas.engine.reading import a_state, read_by_pages
from unit_tests.source_stripe_saas.ledger.account import (
    STREAM,
    Account,
    first_invoice,
    renewal,
    told,
)
from unit_tests.source_stripe_saas.mrr.builders import (
    coupon,
    discount,
    invoice,
    item,
    line,
    on,
    subscription,
)
from unit_tests.stripe_server import serving

pytestmark = pytest.mark.usefixtures("no_waiting")


def test_a_scan_reads_subscriptions_of_deleted_customers_too():
    """These stand in no list but that of canceled ones (M37)."""
    account = Account()
    account.sync("2026-01-20")
    asked = [
        request.qs.get("status")
        for request in account.stripe.sent
        if "subscriptions" in request.path
    ]
    assert sorted(asked) == [["all"], ["canceled"]]


def cut(entries, url):
    """A list inside an object that shows the first of its entries."""
    return {"object": "list", "data": entries[:1], "has_more": True, "url": f"/v1/{url}"}


def test_lines_and_items_that_a_list_cuts_are_read_to_their_ends():
    lines = [
        line("il_1", "2026-01-01", "2026-02-01"),
        line("il_2", "2026-01-01", "2026-02-01", "p20", si="si_2", amount=2000),
    ]
    items = [item(), item("si_2", "p20")]
    bill = invoice("in_1", "2026-01-01", *lines, reason="subscription_create")
    whole = subscription(*items)
    account = Account(
        invoices=[{**bill, "lines": cut(lines, "invoices/in_1/lines")}],
        subscriptions=[{**whole, "items": cut(items, "subscription_items?subscription=sub_1")}],
        subscription_items=[{**one, "subscription": "sub_1"} for one in items],
    )
    account.lists["invoices/in_1/lines"] = lines
    assert told(account.sync("2026-01-20")) == [
        ("activated", "2026-01-01", 0, 3000),
        ("first_payment", "2026-01-01", 3000, 3000),
    ]


def of_number(number):
    """A subscription, and its one invoice."""
    raw = subscription(item(f"si_{number}"))
    raw |= {"id": f"sub_{number}", "customer": f"cus_{number}"}
    billed = line(f"il_{number}", "2026-01-01", "2026-02-01", si=f"si_{number}")
    bill = invoice(f"in_{number}", "2026-01-01", billed, reason="subscription_create")
    bill["parent"]["subscription_details"] = {"subscription": raw["id"]}
    return raw, bill


def companies(count):
    subscriptions, invoices = zip(*map(of_number, range(count)), strict=True)
    return {"subscriptions": list(subscriptions), "invoices": list(invoices)}


@pytest.fixture
def states_after_every_batch(monkeypatch):
    monkeypatch.setattr(cursor, "_SECONDS_BETWEEN_STATES", 0.0)
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_STATES", 0.0)
    monkeypatch.setattr(row_batches, "_ROWS_IN_ONE_BATCH", 4)


@pytest.mark.slow
@pytest.mark.usefixtures("states_after_every_batch")
def test_a_first_read_goes_on_from_any_of_its_states_with_the_same_rows():
    whole = Account(**companies(12))
    whole.sync("2026-01-20")
    assert len(whole.rows) == 24
    under_way = [state for state in whole.output.states(STREAM) if "written" in state]
    assert len(under_way) > 3
    for state in under_way:
        cut = Account(**companies(12))
        cut.state = state
        rows = cut.sync("2026-01-20")
        covered = 24 - len(rows)
        assert 0 < covered < 24
        assert rows == whole.rows[covered:]
        assert cut.state == whole.state


def test_other_options_read_everything_again_and_change_no_id():
    once = {**coupon("HALF", 50, "repeating"), "created": 0}
    using = {**discount("di_1", "HALF", "2026-01-01", "2026-06-01"), "subscription": "sub_1"}
    of_line = {"discount_amounts": [{"amount": 500, "discount": "di_1"}]}
    billed = line("il_1", "2026-01-01", "2026-02-01", **of_line)
    bill = invoice("in_1", "2026-01-01", billed, reason="subscription_create", discounts=[using])
    account = Account(
        subscriptions=[subscription(discounts=[using])],
        invoices=[{**bill, "total": 500}],
        coupons=[once],
    )
    plain = account.sync("2026-01-20")
    assert account.sync("2026-01-21") == []
    again = account.sync("2026-01-22", config={"mrr": {"discounts": "recurring"}})
    assert [row["event_id"] for row in again] == [row["event_id"] for row in plain]
    assert [row["mrr_after"] for row in plain] == [1000, 1000]
    assert [row["mrr_after"] for row in again] == [500, 500]
    assert account.state["options"] != Options().fingerprint
    assert account.sync("2026-01-23", config={"mrr": {"discounts": "recurring"}}) == []


@pytest.mark.parametrize("rules", [None, "v0"], ids=["a state that names none", "another version"])
def test_rows_of_other_rules_are_all_made_again_and_that_is_said_in_one_line(rules, caplog):
    caplog.set_level("INFO")
    account = Account()
    rows = account.sync("2026-01-20")
    assert account.sync("2026-01-21") == []
    account.state = {key: value for key, value in account.state.items() if key != "rules"}
    if rules:
        account.state["rules"] = rules
    horizon = account.state["horizon"]
    assert account.sync("2026-01-22") == rows
    assert [said for said in caplog.messages if "rules" in said] == [
        f"Stream subscription_events: its rows were made by version {rules or 'v1'} of the MRR "
        "rules, which are at v2 now, so everything is read again."
    ]
    assert (account.state["rules"], account.state["horizon"]) == ("v2", horizon)
    assert account.sync("2026-01-23") == []


def by_hand(*lines, key="in_h"):
    """An invoice of the customer that names no subscription."""
    made = invoice(key, "2026-01-12", *lines, reason="manual")
    return {**made, "parent": None, "customer": "cus_1"}


def debit_of(subscription_id, quantity, si="si_1"):
    details = {"subscription": subscription_id}
    return line(
        f"il_{si}", "2026-01-10", "2026-02-01", quantity=quantity, si=si, proration=True,
        details=details,
    )  # fmt: skip


def test_m38a_a_scan_finds_what_the_customers_own_invoice_bills_of_each_subscription():
    other = {**subscription(item("si_9", quantity=5)), "id": "sub_9"}
    theirs = invoice("in_9", "2026-01-01", line("il_9", "2026-01-01", "2026-02-01", si="si_9"),
                     reason="subscription_create")  # fmt: skip
    theirs["parent"] = {"subscription_details": {"subscription": "sub_9"}}
    bill = by_hand(debit_of("sub_1", 3), debit_of("sub_9", 5, "si_9"))
    account = Account(
        subscriptions=[subscription(item(quantity=3)), other],
        invoices=[first_invoice(), theirs, bill],
    )
    rows = account.sync("2026-03-20")  # the change is older than the horizon
    moved = [row for row in rows if row["event_type"] == "quantity_increased"]
    found = {row["subscription_id"]: (row["occurred_at"][:10], row["mrr_after"]) for row in moved}
    assert found == {"sub_1": ("2026-01-10", 3000), "sub_9": ("2026-01-10", 5000)}


def test_m38_a_scan_keeps_which_invoice_a_revision_takes_the_place_of():
    wrong = {**by_hand(debit_of("sub_1", 9)), "status": "void"}
    right = by_hand(debit_of("sub_1", 2), key="in_i")
    right["from_invoice"] = {"action": "revision", "invoice": "in_h"}
    account = Account(
        subscriptions=[subscription(item(quantity=2))], invoices=[first_invoice(), wrong, right]
    )
    moved = [row["mrr_after"] for row in account.sync("2026-03-20") if row["mrr_delta"]]
    assert moved == [1000, 2000]


def test_a_state_from_the_future_reads_everything_again():
    account = Account()
    rows = account.sync("2026-01-20")
    assert account.sync("2026-01-18") == rows
    assert account.state["through"] == on("2026-01-18") - 60


def test_a_state_that_is_none_reads_everything_again():
    account = Account()
    rows = account.sync("2026-01-20")
    account.state = {**account.state, "ledgers": "broken"}
    assert account.sync("2026-01-21") == rows


def test_after_a_gap_that_events_do_not_bridge_only_what_is_new_is_written():
    account = Account()
    account.sync("2026-01-20")
    account.lists["invoices"].insert(0, renewal())
    rows = account.sync("2026-03-20")
    assert told(rows) == [("renewed", "2026-02-01", 1000, 1000)]


@pytest.mark.parametrize("broken", [{"lines": 5}, {"parent": "sub_1"}], ids=str)
def test_an_invoice_that_is_none_is_named(broken):
    lists = {"subscriptions": [subscription()], "invoices": [{**first_invoice(), **broken}]}
    assert "not as Stripe's API describes them: " in (message := failure(lists))
    assert "in_1" in message


def test_an_amount_that_nobody_counts_money_with_is_named_with_its_subscription():
    price = {
        "id": "p10",
        "currency": "usd",
        "billing_scheme": "per_unit",
        "created": 0,
        "active": True,
    }
    lists = {
        "subscriptions": [subscription()],
        "invoices": [first_invoice()],
        "prices": [{**price, "unit_amount_decimal": "1e999999999"}],
    }
    assert ": sub_1 (price p10: no amount: 1e999999999)." in failure(lists)


def failure(lists):
    """What a first sync says that does not come to its end; it is not told as a defect."""
    with serving(lists=lists, now=on("2026-01-20")):
        output = read_by_pages("customers", STREAM, state=a_state())
    assert output.statuses(STREAM)[-1] == "INCOMPLETE"
    assert output.statuses("customers")[-1] == "COMPLETE"
    [error] = output.errors()
    assert "defect" not in error["message"]
    return error["message"]


def test_a_scan_leaves_no_file_behind_however_it_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    Account().sync("2026-01-20")
    failure({"subscriptions": [subscription()], "invoices": [{**first_invoice(), "lines": 5}]})
    assert list(tmp_path.iterdir()) == []


def test_after_a_gap_a_subscription_that_began_in_it_is_looked_at_and_one_long_over_is_not():
    """One's events are gone, and nothing is remembered of it; the other ended before the gap."""
    over, its_invoice = of_number(0)
    over |= {"status": "canceled", "ended_at": on("2025-06-01"), "canceled_at": on("2025-06-01")}
    account = Account(subscriptions=[subscription(), over], invoices=[first_invoice(), its_invoice])
    account.sync("2026-01-20")
    born, bill = of_number(7)
    born["created"] = on("2026-02-01")
    bill |= {"created": on("2026-02-01"), "status_transitions": {"paid_at": on("2026-02-01")}}
    account.lists["subscriptions"].insert(0, born)
    account.lists["invoices"].insert(0, bill)
    rows = account.sync("2026-03-20")
    assert {row["subscription_id"] for row in rows} == {"sub_7"}
