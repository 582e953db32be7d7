"""One object that is refused, odd, or told of by no event, while its stream has all others."""

import pytest

from source_stripe_saas.config import resources
from unit_tests.builders import DAY, NOW, PLANS, an_event
from unit_tests.source_stripe_saas.engine.reading import a_state, read_by_pages
from unit_tests.stripe_server import failure, serving

pytestmark = pytest.mark.usefixtures("no_waiting")

LAST_SYNC = {"updated": NOW - DAY}
NO_CONTROLS = failure(
    403,
    "You cannot access this resource as you do not have Platform Controls, which are required to "
    "access this resource, on the account acct_2.",
)
NOT_NOW = failure(400, "This object cannot be read at the moment.")


def a_page(*rows):
    return 200, {"object": "list", "url": "/v1/x", "has_more": False, "data": list(rows)}


def an_object(kind, identity, created=NOW - 100 * DAY, **fields):
    return {"id": identity, "object": kind, "created": created, **fields}


def read(*names, state=None, config=None, **served):
    """(what a sync printed, the server); the state is every stream's."""
    states = a_state(**dict.fromkeys(names, state)) if state else None
    with serving(**served) as stripe:
        output = read_by_pages(*names, state=states, config=config)
    return output, stripe


def ids(output, name):
    return sorted(row["id"] for row in output.records(name))


def the_error(output):
    [error] = output.errors()
    return error


# -- refused ---------------------------------------------------------------------------------------


def test_an_account_that_refuses_its_external_accounts_is_named_and_the_others_are_read():
    accounts = [an_object("account", f"acct_{n}", NOW - n) for n in (2, 3, 4)]
    answers = {"accounts/acct_2/external_accounts": NO_CONTROLS} | {
        f"accounts/acct_{n}/external_accounts": a_page(
            {"id": f"ba_{n}", "object": "bank_account", "account": f"acct_{n}"}
        )
        for n in (3, 4)
    }
    name = "external_account_bank_accounts"
    output, _ = read(name, lists={"accounts": accounts}, answers=answers)
    assert ids(output, name) == ["ba_3", "ba_4"]
    assert output.statuses(name)[-1] == "INCOMPLETE"
    assert "Stripe did not show one object: acct_2 (" in the_error(output)["message"]
    assert "tick" not in the_error(output)["message"].lower()


CUSTOMERS = [an_object("customer", f"cus_{n}") for n in (1, 2)]


def of_customer(number):
    row = an_object("customer_balance_transaction", f"cbtxn_{number}", customer=f"cus_{number}")
    return a_page(row)


def test_a_customer_s_refused_list_is_remembered_and_asked_for_by_the_next_sync():
    name, path = "customer_balance_transactions", "customers/cus_{}/balance_transactions"
    answers = {path.format(1): of_customer(1), path.format(2): NOT_NOW}
    first, _ = read(name, lists={"customers": CUSTOMERS}, answers=answers)
    assert ids(first, name) == ["cbtxn_1"]
    assert first.statuses(name)[-1] == "INCOMPLETE"
    assert "cus_2" in the_error(first)["message"]
    state = first.states(name)[-1]
    assert state["updated"] == NOW - 60
    assert state["retry"] == {"parents": ["cus_2"]}
    answers[path.format(2)] = of_customer(2)
    second, _ = read(name, state=state, lists={"customers": CUSTOMERS}, answers=answers)
    assert ids(second, name) == ["cbtxn_2"]
    assert second.statuses(name)[-1] == "COMPLETE"
    assert "retry" not in second.states(name)[-1]


def test_a_changed_object_that_cannot_be_fetched_is_asked_for_by_the_next_sync():
    refunds = [an_object("refund", f"re_{n}") for n in (1, 2, 3)]
    events = [
        an_event(row, "refund.updated", created=NOW - 3_600, version="2019-01-01")
        for row in refunds
    ]
    lists = {"refunds": [], "events": events}
    answers = {f"refunds/{row['id']}": (200, row) for row in refunds} | {"refunds/re_2": NOT_NOW}
    first, _ = read("refunds", state=LAST_SYNC, lists=lists, answers=answers)
    assert ids(first, "refunds") == ["re_1", "re_3"]
    assert first.statuses("refunds")[-1] == "INCOMPLETE"
    state = first.states("refunds")[-1]
    assert state["updated"] > LAST_SYNC["updated"]
    assert state["retry"] == {"objects": ["re_2"]}
    answers["refunds/re_2"] = 200, refunds[1]
    second, _ = read("refunds", state=state, lists={"refunds": []}, answers=answers)
    assert ids(second, "refunds") == ["re_2"]
    assert second.statuses("refunds")[-1] == "COMPLETE"


def test_a_customer_that_refuses_its_payment_methods_is_named_where_they_are_asked_for_singly():
    answers = {
        "payment_methods": failure(400, "Not for this account."),
        "customers/cus_1/payment_methods": a_page(an_object("payment_method", "pm_1")),
        "customers/cus_2/payment_methods": NOT_NOW,
    }
    output, _ = read("payment_methods", lists={"customers": CUSTOMERS}, answers=answers)
    assert ids(output, "payment_methods") == ["pm_1"]
    assert "cus_2" in the_error(output)["message"]


# -- optional in the specification -----------------------------------------------------------------


@pytest.mark.parametrize("lacking", [{}, {"created": None}], ids=["absent", "null"])
def test_an_account_need_not_say_when_it_was_created(lacking):
    odd = {"id": "acct_2", "object": "account", **lacking}
    answers = {"accounts": a_page(an_object("account", "acct_3"), odd)}
    output, _ = read("accounts", answers=answers)
    assert ids(output, "accounts") == ["acct_2", "acct_3"]
    assert output.statuses("accounts")[-1] == "COMPLETE"


# -- told by no event of its own -------------------------------------------------------------------


def test_what_was_created_since_the_last_sync_arrives_though_no_event_tells_of_it():
    new = an_object("customer", "cus_3", NOW - 3_600)
    output, stripe = read("customers", state=LAST_SYNC, lists={"customers": [*CUSTOMERS, new]})
    assert ids(output, "customers") == ["cus_3"]
    assert stripe.asked()["customers"] == 1


def test_a_refund_that_charge_refunded_alone_tells_of_arrives():
    """It is older than what is listed as new: a payment of long ago whose event came late."""
    charge = an_object("charge", "ch_1", refunded=True)
    refunds = [an_object("refund", "re_1", charge="ch_1"), an_object("refund", "re_2", charge="x")]
    events = [an_event(charge, "charge.refunded", created=NOW - 3_600)]
    lists = {"refunds": refunds, "events": events}
    output, _ = read("refunds", state=LAST_SYNC, lists=lists)
    assert ids(output, "refunds") == ["re_1"]
    assert output.statuses("refunds")[-1] == "COMPLETE"


# -- states of others, settings --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "path", "kind", "status"),
    [
        ("balance_transactions", "balance_transactions", "balance_transaction", "pending"),
        ("checkout_sessions", "checkout/sessions", "checkout.session", "open"),
    ],
    ids=["balance_transactions", "checkout_sessions"],
)
def test_a_state_that_does_not_say_what_was_open_has_weeks_listed_once(name, path, kind, status):
    rows = [
        an_object(kind, "x_1", NOW - 20 * DAY, status="available"),
        an_object(kind, "x_2", NOW - 34 * DAY, status=status),
        an_object(kind, "x_3", NOW - 60 * DAY, status=status),
    ]
    lists = {path: rows, "events": []}
    first, _ = read(name, state={"created": NOW - DAY}, lists=lists)
    assert ids(first, name) == ["x_1", "x_2"]
    rows[1]["status"] = "available"
    second, _ = read(name, state=first.states(name)[-1], lists=lists)
    assert "x_2" in ids(second, name)  # it was still open
    third, _ = read(name, state=second.states(name)[-1], lists=lists)
    assert ids(third, name) == []


def test_a_start_date_that_moved_back_lists_what_is_missing_and_says_so_once(caplog):
    old = [an_object("customer", f"cus_{n}", NOW - n * DAY) for n in (5, 15, 25)]
    state = {**LAST_SYNC, "start": NOW - 10 * DAY}
    config = {"start_date": "2000-01-01T00:00:00Z"}
    first, _ = read("customers", state=state, config=config, lists={"customers": old})
    assert ids(first, "customers") == ["cus_15", "cus_25"]
    assert caplog.text.count("start_date") == 1
    second, _ = read(
        "customers", state=first.states("customers")[-1], config=config, lists={"customers": old}
    )
    assert ids(second, "customers") == []
    assert caplog.text.count("start_date") == 1


# -- lists that Stripe cuts ------------------------------------------------------------------------

_ONLY_IF_EXPANDED = {
    ("charges", "refunds"),
    ("checkout_sessions", "line_items"),
    ("customers", "sources"),
    ("customers", "subscriptions"),
    ("customers", "tax_ids"),
    ("invoices", "payments"),
    ("payment_intents", "amount_details.line_items"),
    ("payment_links", "line_items"),
    ("quotes", "line_items"),
}
"""Lists that Stripe leaves out unless a request expands them, and these streams' do not."""


def lists_of(schema, prefix=""):
    """Fields of a schema, made from the specification, that hold a list which Stripe may cut."""
    for name, field in (schema.get("properties") or {}).items():
        if {"data", "has_more", "url"} <= (field.get("properties") or {}).keys():
            yield prefix + name
        elif not prefix:
            yield from lists_of(field, f"{name}.")


@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_list_that_stripe_cuts_is_read_to_its_end(name):
    plan = PLANS[name]
    for field in lists_of(resources.schema(name)):
        if (name, field) in _ONLY_IF_EXPANDED:
            assert not any(path.split(".")[0] == field for path in plan.expand)
        else:
            assert field in plan.completes


# -- no id, no address -----------------------------------------------------------------------------


@pytest.mark.parametrize("customer", [None, ""], ids=["null", "empty"])
def test_an_event_of_the_account_s_own_tax_id_makes_no_request_and_no_row(customer):
    own = {"id": "txi_1", "object": "tax_id", "customer": customer, "owner": {"type": "self"}}
    events = [an_event(own, "customer.tax_id.updated", created=NOW - 3_600, version="2019-01-01")]
    output, stripe = read("tax_ids", state=LAST_SYNC, lists={"events": events})
    assert output.records("tax_ids") == []
    assert output.statuses("tax_ids")[-1] == "COMPLETE"
    assert not any("tax_ids" in path or "None" in path for path in stripe.asked())


# -- content that cannot be read -------------------------------------------------------------------


def test_a_card_without_id_is_named_and_the_customer_s_other_cards_are_read():
    cards = [{"id": "card_1", "object": "card"}, {"object": "card", "last4": "4242"}]
    sources = {"object": "list", "url": "/v1/x", "has_more": False, "data": cards}
    customer = an_object("customer", "cus_1", sources=sources)
    output, _ = read("customer_cards", "customers", lists={"customers": [customer]})
    assert ids(output, "customer_cards") == ["card_1"]
    assert ids(output, "customers") == ["cus_1"]
    assert output.statuses("customers")[-1] == "COMPLETE"
    assert output.statuses("customer_cards")[-1] == "INCOMPLETE"
    assert the_error(output)["failure_type"] == "system_error"


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("invoices", {"id": "in_1", "object": "invoice", "date": NOW - 400 * DAY}),
        ("subscriptions", {"id": "sub_1", "object": "subscription", "start": NOW - 400 * DAY}),
    ],
    ids=["invoice of before 2019", "subscription of 2015"],
)
def test_an_object_with_its_time_under_an_old_name_is_written_and_the_others_too(name, row):
    young = an_object(row["object"], "young")
    output, _ = read(name, answers={PLANS[name].path: a_page(young, row)})
    assert ids(output, name) == sorted(["young", row["id"]])
    assert the_error(output)["failure_type"] == "system_error"
    assert row["id"] in the_error(output)["message"]
    assert "Run the sync again" not in the_error(output)["message"]
