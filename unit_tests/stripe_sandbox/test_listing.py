"""Paging, filters and the quirks of single lists."""

import pytest

from stripe_sandbox.store import EVENT_WINDOW_SECONDS
from unit_tests.stripe_sandbox.asking import NOW, Asker, an_account, numbered


def charges(count=25):
    return Asker(an_account(*numbered("charge", count)))


def test_a_page_holds_ten_objects_newest_first_unless_told_otherwise():
    answer = charges()("/v1/charges")
    assert answer.ids == [f"charge_{i}" for i in range(24, 14, -1)]
    assert answer.content["has_more"] is True
    assert answer.content["object"] == "list"
    assert answer.content["url"] == "/v1/charges"


def test_pages_by_starting_after_show_everything_once():
    ask = charges()
    seen, cursor = [], ""
    while True:
        answer = ask("/v1/charges", f"limit=7{cursor}")
        seen += answer.ids
        if not answer.content["has_more"]:
            break
        cursor = f"&starting_after={answer.ids[-1]}"
    assert seen == [f"charge_{i}" for i in range(24, -1, -1)]


def test_ending_before_shows_the_page_in_front_in_the_same_order():
    answer = charges()("/v1/charges", "limit=3&ending_before=charge_10")
    assert answer.ids == ["charge_13", "charge_12", "charge_11"]
    assert answer.content["has_more"] is True
    assert charges()("/v1/charges", "ending_before=charge_22").content["has_more"] is False


def test_objects_of_one_second_keep_one_order_and_page_without_loss():
    contents = [{"id": f"ch_{i}", "object": "charge", "created": NOW} for i in range(5)]
    ask = Asker(an_account(*contents))
    assert ask("/v1/charges", "limit=2").ids == ["ch_4", "ch_3"]
    assert ask("/v1/charges", "limit=2&starting_after=ch_3").ids == ["ch_2", "ch_1"]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "1.5"])
def test_a_limit_outside_one_to_a_hundred_is_refused(limit):
    answer = charges()("/v1/charges", f"limit={limit}")
    assert answer.status == 400
    assert answer.error["param"] == "limit"


def test_a_cursor_that_is_gone_is_refused_as_missing():
    ask = charges()
    ask.account.store.remove("charge", "charge_10")
    answer = ask("/v1/charges", "starting_after=charge_10")
    assert answer.status == 400
    assert answer.error["code"] == "resource_missing"
    assert answer.error["param"] == "starting_after"
    assert answer.error["message"] == "No such charge: 'charge_10'"


@pytest.mark.parametrize(
    "query",
    [f"created[gte]={NOW}", "customer=cus_other", f"created[lt]={NOW - 5_000}"],
)
def test_a_cursor_outside_the_filters_is_refused_as_missing(query):
    answer = charges()("/v1/charges", f"{query}&starting_after=charge_10")
    assert (answer.status, answer.error["code"]) == (400, "resource_missing")


def test_two_cursors_at_once_are_refused():
    answer = charges()("/v1/charges", "starting_after=charge_1&ending_before=charge_5")
    assert answer.status == 400


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("created[gte]={5}", 24, 5),
        ("created[gt]={5}", 24, 6),
        ("created[lte]={5}", 5, 0),
        ("created[lt]={5}", 4, 0),
        ("created[gte]={5}&created[lt]={8}", 7, 5),
        ("created={5}", 5, 5),
    ],
)
def test_created_bounds_a_list_on_either_side(query, first, last):
    for number in (5, 8):
        query = query.replace(f"{{{number}}}", str(NOW - 1_000 + number))
    assert charges()("/v1/charges", f"limit=100&{query}").ids == [
        f"charge_{i}" for i in range(first, last - 1, -1)
    ]


def test_an_empty_window_is_an_empty_list():
    answer = charges()("/v1/charges", f"created[gte]={NOW}&created[lt]={NOW - 10}")
    assert answer.content["data"] == []
    assert answer.content["has_more"] is False


@pytest.mark.parametrize("query", ["foo=1", "created[foo]=1", "foo[]=1", "status=paid"])
def test_an_unknown_parameter_is_refused_by_name(query):
    answer = charges()("/v1/charges", query)
    assert answer.status == 400
    assert answer.error["code"] == "parameter_unknown"
    assert answer.error["message"] == f"Received unknown parameter: {query.split('=')[0]}"


@pytest.mark.parametrize(
    ("path", "query", "param"),
    [
        ("/v1/prices", "active=yes", "active"),
        ("/v1/invoices", "status=done", "status"),
        ("/v1/charges", "created[gte]=today", "created[gte]"),
        ("/v1/charges", "customer=", "customer"),
        ("/v1/charges", "customer[a]=b", "customer"),
        ("/v1/invoice_payments", "payment=pi_1", "payment"),
    ],
)
def test_a_parameter_of_the_wrong_type_is_refused_by_name(path, query, param):
    answer = charges()(path, query)
    assert answer.status == 400
    assert answer.error["param"] == param


@pytest.mark.parametrize(
    ("path", "param"),
    [
        ("/v1/subscription_items", "subscription"),
        ("/v1/setup_attempts", "setup_intent"),
        ("/v1/entitlements/active_entitlements", "customer"),
    ],
)
def test_a_required_parameter_that_is_missing_is_refused(path, param):
    answer = charges()(path)
    assert (answer.status, answer.error["code"]) == (400, "parameter_missing")
    assert answer.error["param"] == param


def test_prices_show_active_ones_unless_asked_and_inline_ones_never():
    account = an_account(
        {"id": "price_on", "object": "price", "created": NOW, "active": True},
        {"id": "price_off", "object": "price", "created": NOW, "active": False},
    )
    inline = {"id": "price_inline", "object": "price", "created": NOW, "active": True}
    account.store.put(inline, hidden=True)
    ask = Asker(account)
    assert ask("/v1/prices").ids == ["price_on"]
    assert ask("/v1/prices", "active=false").ids == ["price_off"]
    assert ask("/v1/prices/price_inline").content["id"] == "price_inline"


def test_subscriptions_hide_canceled_ones_unless_all_are_asked_for():
    ask = Asker(
        an_account(
            *(
                {"id": status, "object": "subscription", "created": NOW, "status": status}
                for status in ("active", "canceled", "incomplete_expired", "trialing")
            )
        )
    )
    assert set(ask("/v1/subscriptions").ids) == {"active", "incomplete_expired", "trialing"}
    assert len(ask("/v1/subscriptions", "status=all").ids) == 4
    assert ask("/v1/subscriptions", "status=canceled").ids == ["canceled"]
    assert set(ask("/v1/subscriptions", "status=ended").ids) == {"canceled", "incomplete_expired"}
    assert ask("/v1/subscriptions", "status=trialing").ids == ["trialing"]


def test_reviews_show_open_ones_only_but_any_by_id():
    ask = Asker(
        an_account(
            {"id": "prv_open", "object": "review", "created": NOW, "open": True},
            {"id": "prv_closed", "object": "review", "created": NOW, "open": False},
        )
    )
    assert ask("/v1/reviews").ids == ["prv_open"]
    assert ask("/v1/reviews/prv_closed").status == 200


@pytest.mark.parametrize("name", ["customer", "subscription", "quote"])
def test_objects_of_test_clocks_show_only_when_their_clock_is_asked_for(name):
    base = {"object": name, "created": NOW, "status": "active"}
    ask = Asker(
        an_account(
            {"id": "plain", "test_clock": None, **base},
            {"id": "clocked", "test_clock": "clock_1", **base},
        )
    )
    assert ask(f"/v1/{name}s").ids == ["plain"]
    assert ask(f"/v1/{name}s", "test_clock=clock_1").ids == ["clocked"]


def test_payment_methods_can_be_had_per_customer_only_if_so_set():
    content = {"id": "pm_1", "object": "payment_method", "created": NOW, "type": "card"}
    account = an_account(
        {"id": "cus_1", "object": "customer", "created": NOW}, {**content, "customer": "cus_1"}
    )
    assert Asker(account)("/v1/payment_methods").ids == ["pm_1"]
    ask = Asker(account, payment_methods_per_customer=True)
    assert ask("/v1/payment_methods").ids == []
    assert ask("/v1/payment_methods", "customer=cus_1").ids == ["pm_1"]
    assert ask("/v1/customers/cus_1/payment_methods").ids == ["pm_1"]


def an_event(number, kind, age_seconds, pending_webhooks=0):
    return {
        "id": f"evt_{number}",
        "object": "event",
        "created": NOW - age_seconds,
        "type": kind,
        "pending_webhooks": pending_webhooks,
        "data": {"object": {}},
    }


def test_events_are_filtered_by_type_by_wildcard_and_by_a_list_of_types():
    ask = Asker(
        an_account(
            an_event(1, "customer.created", 30),
            an_event(2, "customer.subscription.updated", 20),
            an_event(3, "charge.succeeded", 10, pending_webhooks=1),
        )
    )
    assert ask("/v1/events", "type=customer.created").ids == ["evt_1"]
    assert ask("/v1/events", "type=customer.*").ids == ["evt_2", "evt_1"]
    types = "types[]=charge.succeeded&types[]=customer.created"
    assert ask("/v1/events", types).ids == ["evt_3", "evt_1"]
    assert ask("/v1/events", "delivery_success=false").ids == ["evt_3"]


def test_more_than_twenty_types_are_refused():
    ask = Asker(an_account())
    query = "&".join(f"types[]=t{i}" for i in range(21))
    assert ask("/v1/events", query.rpartition("&")[0]).status == 200
    assert ask("/v1/events", query).error["param"] == "types"


def test_events_end_thirty_days_ago_in_lists_and_by_id():
    inside = an_event(1, "charge.succeeded", EVENT_WINDOW_SECONDS)
    outside = an_event(2, "charge.succeeded", EVENT_WINDOW_SECONDS + 1)
    ask = Asker(an_account(inside, outside))
    assert ask("/v1/events").ids == ["evt_1"]
    assert ask("/v1/events", "created[gte]=0").ids == ["evt_1"]
    assert ask("/v1/events/evt_1").status == 200
    assert ask("/v1/events/evt_2").status == 404


def test_an_invoice_is_found_by_the_subscription_it_is_for():
    details = {"subscription_details": {"subscription": "sub_1"}}
    ask = Asker(
        an_account(
            {"id": "in_1", "object": "invoice", "created": NOW, "parent": details},
            {"id": "in_2", "object": "invoice", "created": NOW, "parent": None},
        )
    )
    assert ask("/v1/invoices", "subscription=sub_1").ids == ["in_1"]


def test_pending_invoice_items_are_those_without_an_invoice():
    ask = Asker(
        an_account(
            {"id": "ii_1", "object": "invoiceitem", "date": NOW, "invoice": None},
            {"id": "ii_2", "object": "invoiceitem", "date": NOW, "invoice": "in_1"},
        )
    )
    assert ask("/v1/invoiceitems", "pending=true").ids == ["ii_1"]
    assert ask("/v1/invoiceitems", "pending=false").ids == ["ii_2"]
    assert ask("/v1/invoiceitems", f"created[gte]={NOW}").ids == ["ii_2", "ii_1"]


def test_a_filter_with_keys_compares_each_of_them():
    payments = [
        {"type": "payment_intent", "payment_intent": "pi_1"},
        {"type": "payment_intent", "payment_intent": "pi_2"},
        {"type": "payment_record", "payment_record": "pi_1"},
    ]
    ask = Asker(
        an_account(
            *(
                {
                    "id": f"inpay_{i}",
                    "object": "invoice_payment",
                    "created": NOW,
                    "payment": payment,
                }
                for i, payment in enumerate(payments)
            )
        )
    )
    query = "payment[type]=payment_intent&payment[payment_intent]=pi_1"
    assert ask("/v1/invoice_payments", query).ids == ["inpay_0"]
    assert ask("/v1/invoice_payments", "payment[type]=payment_intent").ids == ["inpay_1", "inpay_0"]


def test_subscriptions_are_found_by_the_price_and_period_of_an_item():
    account = an_account()
    for number, price in enumerate(("price_a", {"id": "price_b"})):
        parent = f"sub_{number}"
        base = {"object": "subscription", "created": NOW + number, "status": "active"}
        account.store.put({"id": parent, **base})
        item = {"object": "subscription_item", "created": NOW, "price": price}
        item |= {"current_period_start": NOW + number, "current_period_end": NOW + 10 * number}
        account.store.put({"id": f"si_{number}", **item}, parent=parent)
    ask = Asker(account)
    assert ask("/v1/subscriptions", "price=price_a").ids == ["sub_0"]
    assert ask("/v1/subscriptions", "price=price_b").ids == ["sub_1"]
    assert ask("/v1/subscriptions", f"current_period_end[gt]={NOW}").ids == ["sub_1"]
    assert ask("/v1/subscriptions", f"current_period_start={NOW}").ids == ["sub_0"]


def test_products_asked_for_by_their_ids_take_no_cursor():
    ask = Asker(an_account(*numbered("product", 4)))
    assert ask("/v1/products", "ids[]=product_3&ids[]=product_1").ids == ["product_3", "product_1"]
    assert ask("/v1/products", "ids[]=product_3&starting_after=product_3").status == 400


def test_filters_add_up():
    ask = Asker(
        an_account(
            *numbered("invoice", 4, customer="cus_1", status="paid"),
            {"id": "in_open", "object": "invoice", "created": NOW, "customer": "cus_1"}
            | {"status": "open", "due_date": NOW + 10},
        )
    )
    assert ask("/v1/invoices", "customer=cus_1&status=open").ids == ["in_open"]
    assert ask("/v1/invoices", f"due_date[gt]={NOW}").ids == ["in_open"]
    assert ask("/v1/invoices", f"customer=cus_1&created[lt]={NOW}&limit=1").ids == ["invoice_3"]


def test_transactions_of_an_automatic_payout_are_its_own():
    account = an_account(
        *numbered("balance_transaction", 3),
        {"id": "po_auto", "object": "payout", "created": NOW, "automatic": True},
        {"id": "po_hand", "object": "payout", "created": NOW, "automatic": False},
    )
    account.payout_transactions["po_auto"] = ["balance_transaction_0", "balance_transaction_2"]
    ask = Asker(account)
    ids = ask("/v1/balance_transactions", "payout=po_auto").ids
    assert ids == ["balance_transaction_2", "balance_transaction_0"]
    assert ask("/v1/balance_transactions", "payout=po_hand").status == 400
    assert ask("/v1/balance_transactions", "payout=po_none").error["code"] == "resource_missing"
    assert len(ask("/v1/balance_transactions").ids) == 3


def test_a_child_list_of_a_parent_that_does_not_exist_is_404():
    ask = Asker(an_account())
    for path, query in (
        ("/v1/invoices/in_x/lines", ""),
        ("/v1/customers/cus_x/sources", ""),
        ("/v1/subscription_items", "subscription=sub_x"),
    ):
        answer = ask(path, query)
        assert (answer.status, answer.error["code"]) == (404, "resource_missing")


def test_sources_of_a_customer_are_cards_and_bank_accounts_and_can_be_told_apart():
    account = an_account({"id": "cus_1", "object": "customer", "created": NOW})
    for name in ("card", "bank_account"):
        account.store.put({"id": name, "object": name, "customer": "cus_1"}, parent="cus_1")
    ask = Asker(account)
    assert ask("/v1/customers/cus_1/sources").ids == ["bank_account", "card"]
    assert ask("/v1/customers/cus_1/sources", "object=card").ids == ["card"]
    assert ask("/v1/customers/cus_1/sources", "limit=1&starting_after=bank_account").ids == ["card"]
