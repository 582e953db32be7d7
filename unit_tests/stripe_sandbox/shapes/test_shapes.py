"""What each shape does to replies, asked without sockets; the books stay as they are."""

import json

import pytest
import requests

from stripe_sandbox.account import open_account
from stripe_sandbox.server.running import running_sandbox
from stripe_sandbox.shapes import SHAPES
from stripe_sandbox.shapes.clocks import CLOCK
from stripe_sandbox.streams import counts
from unit_tests.stripe_sandbox.asking import Asker
from unit_tests.stripe_sandbox.crawling import whole_list

DAY = 86_400


def shaped(*names, kind="samples", **options):
    return Asker(open_account(kind, seed=3, **options), shapes=names)


@pytest.mark.parametrize("kind", ["samples", "company"])
@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_changes_nothing_of_what_the_books_say_there_is(kind, name):
    options = {"customers": 20, "months": 4} if kind == "company" else {}
    plain = counts(open_account(kind, seed=3, **options))
    # An event tells of what a shape adds; nothing else is counted.
    told = {"events", "products"}
    found = counts(shaped(name, kind=kind, **options).account)
    assert {key: value for key, value in found.items() if key not in told} == {
        key: value for key, value in plain.items() if key not in told
    }


def test_objects_of_a_clock_are_told_by_events_and_by_id_and_stand_in_no_unscoped_list():
    ask = shaped("test_clock")
    ask.account.advance(DAY)
    clocked = list(ask.account.store.of_clock)
    assert {name for name, _ in clocked} == {
        "charge",
        "customer",
        "invoice",
        "invoiceitem",  # of an invoice that the account made for the customer meanwhile
        "line_item",
        "subscription",
        "subscription_item",
    }
    events = whole_list(ask, "/v1/events", "")
    told = {event["data"]["object"].get("id") for event in events}
    for name, path in (
        ("charge", "charges"),
        ("customer", "customers"),
        ("invoice", "invoices"),
        ("subscription", "subscriptions"),
    ):
        mine = {
            identity
            for kind, identity in clocked
            if kind == name and identity in ask.account.store.rows[name]  # a draft may be gone
        }
        assert mine
        assert mine <= told
        assert mine.isdisjoint(ask(f"/v1/{path}", "limit=100").ids)
        for identity in mine:
            assert ask(f"/v1/{path}/{identity}").status == 200


def test_a_scope_shows_objects_of_a_clock():
    ask = shaped("test_clock")
    assert ask("/v1/test_helpers/test_clocks").ids == [CLOCK]
    [customer] = ask("/v1/customers", f"test_clock={CLOCK}").ids
    [subscription] = ask("/v1/subscriptions", f"test_clock={CLOCK}").ids
    assert ask("/v1/subscriptions", f"customer={customer}").ids == [subscription]
    assert len(ask("/v1/invoices", f"customer={customer}").ids) == 1
    assert len(ask("/v1/subscription_items", f"subscription={subscription}").ids) == 1


def test_there_is_no_clock_in_live_mode():
    with pytest.raises(ValueError, match="live mode"):
        shaped("test_clock", livemode=True)


def test_two_accounts_lack_created():
    accounts = shaped("accounts_without_created")("/v1/accounts", "limit=100").content["data"]
    assert sum("created" not in account for account in accounts) == 1
    assert sum(account.get("created", 0) is None for account in accounts) == 1


def test_a_card_without_id_stands_in_its_customers_sources():
    ask = shaped("card_without_id")
    customers = ask("/v1/customers", "limit=100&expand[]=data.sources").content["data"]
    sources = [source for customer in customers for source in customer["sources"]["data"]]
    [odd] = [source for source in sources if "id" not in source]
    assert odd["object"] == "card"
    assert ask("/v1/customers/" + odd["customer"]).content["id"] == odd["customer"]


def test_an_old_invoice_has_a_date_and_no_created_nor_status():
    invoices = shaped("old_invoice")("/v1/invoices", "limit=100").content["data"]
    [old] = [invoice for invoice in invoices if "created" not in invoice]
    assert "status" not in old
    assert old["date"] == min([old["date"], *(i.get("created", old["date"]) for i in invoices)])
    assert {old["paid"], old["closed"], old["forgiven"]} <= {True, False}


def test_an_old_subscription_has_a_start_and_no_created():
    found = shaped("old_subscription")("/v1/subscriptions", "limit=100&status=all").content["data"]
    [old] = [subscription for subscription in found if "created" not in subscription]
    assert isinstance(old["start"], int)


def test_an_odd_price_has_a_text_for_its_transformation():
    ask = shaped("odd_price")
    for path, field in (("plans", "transform_usage"), ("prices", "transform_quantity")):
        rows = ask(f"/v1/{path}", "limit=100").content["data"]
        assert [row[field] for row in rows].count("null") == 1


def test_an_own_tax_id_is_told_by_an_event_that_names_no_customer():
    ask = shaped("own_tax_id")
    ask.account.advance(DAY)
    [own] = ask("/v1/tax_ids").ids
    [event] = ask("/v1/events", "type=customer.tax_id.updated").content["data"]
    subject = event["data"]["object"]
    assert (subject["id"], subject["customer"]) == (own, None)
    assert subject["owner"]["type"] == "self"


def test_one_account_refuses_its_children_without_naming_a_permission():
    ask = shaped("refusing_account")
    accounts = ask("/v1/accounts", "limit=100").ids
    replies = {name: ask(f"/v1/accounts/{name}/external_accounts") for name in accounts}
    [refused] = [name for name, reply in replies.items() if reply.status != 200]
    assert replies[refused].status == 403
    assert replies[refused].error["message"].endswith(f"on the account {refused}.")
    assert "rak_" not in replies[refused].error["message"]
    assert ask(f"/v1/accounts/{refused}").status == 200


def test_one_customer_refuses_its_lists_and_may_end_a_page():
    ask = shaped("refusing_customer")
    customers = ask("/v1/customers", "limit=100").ids
    statuses = {c: ask(f"/v1/customers/{c}/balance_transactions").status for c in customers}
    [refused] = [name for name, status in statuses.items() if status == 400]
    assert ask(f"/v1/customers/{refused}").status == 200
    assert ask("/v1/customers", f"starting_after={refused}").status == 200
    assert ask("/v1/entitlements/active_entitlements", f"customer={refused}").status == 400


def test_one_invoice_refuses_itself_and_what_is_listed_for_it():
    ask = shaped("refusing_invoice")
    invoices = ask("/v1/invoices", "limit=100").ids
    [refused] = [name for name in invoices if ask(f"/v1/invoices/{name}").status == 400]
    assert ask(f"/v1/invoices/{refused}/lines").status == 400
    assert ask("/v1/invoice_payments", f"invoice={refused}").status == 400


def test_shapes_are_put_in_and_taken_off_while_the_server_runs():
    with running_sandbox(open_account("samples", seed=3)) as url:
        control = f"{url}/_sandbox/shapes"
        headers = {"Authorization": "Bearer sk_test_0123456789abcdef"}

        def lacking():
            page = requests.get(f"{url}/v1/accounts?limit=100", headers=headers, timeout=10).json()
            return sum(account.get("created") is None for account in page["data"])

        assert lacking() == 0
        names = {"names": ["accounts_without_created"]}
        assert requests.post(control, json=names, timeout=10).json() == names
        assert lacking() == 2
        requests.post(control, json={}, timeout=10).raise_for_status()
        assert lacking() == 0
        wrong = requests.post(control, json={"names": ["round"]}, timeout=10)
        assert wrong.status_code == 400
        assert "no shape 'round'" in json.loads(wrong.text)["error"]
