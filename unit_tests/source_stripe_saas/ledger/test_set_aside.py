"""One subscription that cannot be had or read is set aside; the ledger of all others goes on.

Over 400 lines, as the cases share one account, of which each changes an answer or two.
"""

from urllib.parse import parse_qs, urlsplit

import pytest

from unit_tests.source_stripe_saas.engine.reading import a_state, read_by_pages
from unit_tests.source_stripe_saas.ledger.account import STREAM, first_invoice
from unit_tests.source_stripe_saas.mrr.builders import (
    PRICES,
    invoice,
    item,
    line,
    on,
    subscription,
)
from unit_tests.stripe_server import denied, failure, serving

pytestmark = pytest.mark.usefixtures("no_waiting")

FIRST, SECOND, THIRD = "2026-01-20", "2026-01-25", "2026-01-28"
NO = failure(400, "This subscription cannot be retrieved.")


class TwoSubscriptions:
    """sub_1 of cus_1 is the odd one; sub_2 of cus_2 pays 20.00 a month. Both began on January 1."""

    def __init__(self, config=None):
        other = line("il_2", "2026-01-01", "2026-02-01", of="p20", amount=2000, si="si_2")
        other["parent"]["subscription_item_details"]["subscription"] = "sub_2"
        second = invoice("in_2", "2026-01-01", other, reason="subscription_create")
        second["parent"]["subscription_details"]["subscription"] = "sub_2"
        self.lists = {
            "subscriptions": [
                subscription(),
                subscription(item("si_2", "p20"), id="sub_2", customer="cus_2"),
            ],
            "invoices": [first_invoice(), {**second, "customer": "cus_2"}],
            "events": [],
            "customers": [
                {"id": f"cus_{n}", "object": "customer", "created": on("2026-01-01")}
                for n in (1, 2)
            ],
            "prices": [{**price, "created": 0, "active": True} for price in PRICES.values()],
            "coupons": [],
        }
        self.answers = {}
        self.state = None
        self.config = config

    def sync(self, at, **beside):
        """The ledger's rows of a sync; `beside`: states of other streams that are read with it."""
        state = a_state(**{STREAM: self.state}, **beside) if self.state is not None else None
        with serving(lists=self.lists, answers=dict(self.answers), now=on(at)) as self.stripe:
            self.output = read_by_pages(STREAM, *beside, config=self.config, state=state)
        self.state = self.output.states(STREAM)[-1]
        return self.output.records(STREAM)

    @property
    def status(self):
        return self.output.statuses(STREAM)[-1]

    def error(self):
        [error] = self.output.errors()
        return error

    def update(self, number, of, at):
        """The subscription's price becomes another one; an event says so."""
        old = self.lists["subscriptions"][number - 1]
        [had] = old["items"]["data"]
        new = {**old, "items": {"object": "list", "data": [{**had, "price": of}]}}
        self.lists["subscriptions"][number - 1] = new
        event = {
            "id": f"evt_{number}_{at}",
            "object": "event",
            "type": "customer.subscription.updated",
            "created": on(at),
            "api_version": "2026-05-27.dahlia",
            "data": {"object": new, "previous_attributes": {"items": old["items"]}},
        }
        self.lists["events"].append(event)


def told_of(rows):
    """(subscription, day, MRR before, MRR after) of the rows that change it."""
    changes = [
        (row["subscription_id"], row["occurred_at"][:10], row["mrr_before"], row["mrr_after"])
        for row in rows
    ]
    return sorted(change for change in changes if change[2] != change[3])


NEW_1 = ("sub_1", "2026-01-01", 0, 1000)
NEW_2 = ("sub_2", "2026-01-01", 0, 2000)


def an_odd_price(account):
    prices = account.lists["prices"]
    [place] = [n for n, price in enumerate(prices) if price["id"] == "p10"]
    prices[place] = {**prices[place], "transform_usage": "null"}


def test_both_have_rows_while_nothing_is_odd():
    account = TwoSubscriptions()
    assert told_of(account.sync(FIRST)) == [NEW_1, NEW_2]
    assert account.status == "COMPLETE"
    assert "aside" not in account.state


def test_a_price_that_cannot_be_read_sets_aside_what_uses_it_and_nothing_else():
    account = TwoSubscriptions()
    an_odd_price(account)
    assert told_of(account.sync(FIRST)) == [NEW_2]
    assert account.status == "INCOMPLETE"
    error = account.error()
    assert error["failure_type"] == "system_error"
    assert error["message"] == (
        "Stream `subscription_events` is not complete. One object is not as Stripe's API describes "
        "them: sub_1 (price p10: `transform_usage` is 'null', not an object). All others were "
        "read, and their progress is kept. The next sync asks for what was not shown again. "
        "Look at what is odd in the Stripe dashboard; if nothing is there, report it."
    )
    assert account.state["aside"] == {"sub_1": None}


def test_the_next_sync_makes_the_rows_of_what_was_set_aside_once_it_can_be_read():
    account = TwoSubscriptions()
    an_odd_price(account)
    account.sync(FIRST)
    account.sync(SECOND)  # as odd as before
    assert account.status == "INCOMPLETE"
    assert account.state["aside"] == {"sub_1": None}
    account.lists["prices"] = TwoSubscriptions().lists["prices"]
    assert told_of(account.sync(THIRD)) == [NEW_1]
    assert account.status == "COMPLETE"
    assert "aside" not in account.state
    assert account.sync("2026-01-29") == []


@pytest.mark.parametrize(
    "answer", [NO, failure(403, "You do not have Platform Controls.")], ids=["400", "403"]
)
def test_a_refused_fetch_sets_its_subscription_aside_and_keeps_where_it_stood(answer):
    account = TwoSubscriptions()
    account.sync(FIRST)
    through = account.state["through"]
    account.update(1, "p30", "2026-01-22")
    account.update(2, "p30", "2026-01-22")
    # Neither is on the list of live ones any more, so that both are fetched by id.
    account.answers |= {"subscriptions": (200, _a_list()), "subscriptions/sub_1": answer}
    expansion = ("sub_2", "2026-01-22", 2000, 3000)
    assert told_of(account.sync(SECOND)) == [expansion]
    assert account.status == "INCOMPLETE"
    assert account.error()["failure_type"] == "config_error"
    assert "Stripe did not show one object: sub_1 (" in account.error()["message"]
    assert account.state["aside"] == {"sub_1": through}
    account.answers.clear()
    account.update(1, "p20", "2026-01-26")
    assert told_of(account.sync(THIRD)) == [
        ("sub_1", "2026-01-22", 1000, 3000),
        ("sub_1", "2026-01-26", 3000, 2000),
    ]
    assert account.status == "COMPLETE"
    assert "aside" not in account.state


def test_a_missing_permission_is_no_single_subscription_s_and_ends_the_ledger():
    account = TwoSubscriptions()
    account.sync(FIRST)
    account.update(1, "p30", "2026-01-22")
    no_list = {"subscriptions": (200, _a_list())}
    account.answers |= {**no_list, "subscriptions/sub_1": denied("rak_subscription_read")}
    assert account.sync(SECOND) == []
    assert "Tick Subscriptions: Read" in account.error()["message"]
    assert "aside" not in account.state


def test_an_invoice_without_any_time_sets_its_subscription_aside():
    account = TwoSubscriptions()
    bill = account.lists["invoices"][0]
    account.lists["invoices"][0] = {n: v for n, v in bill.items() if n != "created"}
    assert told_of(account.sync(FIRST)) == [NEW_2]
    assert "sub_1 (in_1: lacks `created`)" in account.error()["message"]
    assert account.error()["failure_type"] == "system_error"
    account.lists["invoices"][0] = bill
    assert told_of(account.sync(SECOND)) == [NEW_1]


def test_an_old_invoice_and_an_old_subscription_say_when_they_began_under_other_names():
    account = TwoSubscriptions()
    bill, sub = account.lists["invoices"][0], account.lists["subscriptions"][0]
    bill["date"], sub["start"] = bill.pop("created"), sub.pop("created")
    assert told_of(account.sync(FIRST)) == [NEW_1, NEW_2]
    assert account.status == "COMPLETE"


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "later"])
def test_an_event_of_an_old_subscription_says_when_it_began_under_its_old_name(is_first):
    account = TwoSubscriptions()
    sub = account.lists["subscriptions"][0]
    sub["start"] = sub.pop("created")
    rows = [] if is_first else account.sync(FIRST)
    account.update(1, "p30", "2026-01-22")
    rows += account.sync(SECOND)
    assert told_of(rows) == [NEW_1, ("sub_1", "2026-01-22", 1000, 3000), NEW_2]
    assert account.status == "COMPLETE"
    assert "created" not in account.lists["events"][0]["data"]["object"]


def test_an_unreadable_invoice_of_a_subscription_that_no_list_shows_is_named():
    account = TwoSubscriptions()
    del account.lists["subscriptions"][0], account.lists["invoices"][0]["created"]
    assert told_of(account.sync(FIRST)) == [NEW_2]
    assert "sub_1 (in_1: lacks `created`)" in account.error()["message"]
    assert account.state["aside"] == {"sub_1": None}


def test_an_event_of_which_nothing_can_be_made_is_named_and_the_others_count():
    account = TwoSubscriptions()
    account.sync(FIRST)
    account.update(2, "p30", "2026-01-22")
    odd = {**account.lists["events"][0], "id": "evt_odd", "data": {"object": {"id": None}}}
    account.lists["events"].append(odd)
    assert [row["mrr_after"] for row in account.sync(SECOND)] == [3000]
    assert account.status == "INCOMPLETE"
    assert "evt_odd (the object of the event has no id)" in account.error()["message"]
    account.sync(THIRD)
    assert account.status == "COMPLETE"


def test_an_invoice_event_that_names_its_subscription_in_an_odd_way_ends_nothing():
    account = TwoSubscriptions()
    account.sync(FIRST)
    account.update(2, "p30", "2026-01-22")
    bill = {**account.lists["invoices"][0], "parent": "sub_1"}
    account.lists["events"].append(
        {
            **account.lists["events"][0],
            "id": "evt_odd",
            "type": "invoice.paid",
            "data": {"object": bill},
        }
    )
    assert [row["mrr_after"] for row in account.sync(SECOND)] == [3000]
    assert "evt_odd (the object of the event: a field of it holds" in account.error()["message"]


def test_events_of_test_clocks_make_no_rows_and_nothing_is_incomplete():
    account = TwoSubscriptions()
    account.sync(FIRST)
    clocked = {**subscription(), "id": "sub_9", "customer": "cus_9", "test_clock": "clock_1"}
    account.answers["subscriptions/sub_9"] = (200, clocked)
    event = {
        "id": "evt_9",
        "object": "event",
        "type": "customer.subscription.created",
        "created": on("2026-01-22"),
        "livemode": False,
        "data": {"object": clocked},
    }
    account.lists["events"].append(event)
    assert account.sync(SECOND) == []
    assert account.status == "COMPLETE"
    assert account.stripe.asked()["subscriptions/sub_9"] == 0


def test_more_subscriptions_than_a_state_remembers_are_all_read_again(caplog):
    account = TwoSubscriptions()
    account.sync(FIRST)
    account.state = {**account.state, "aside": {}, "more_aside": 1}
    assert told_of(account.sync(SECOND)) == [NEW_1, NEW_2]
    assert "had to skip more subscriptions than a state remembers" in caplog.text
    assert "more_aside" not in account.state


@pytest.mark.parametrize(
    "blob",
    [{"aside": []}, {"aside": {"sub_1": "now"}}, {"more_aside": "x"}],
    ids=["no mapping", "no moment", "no number"],
)
def test_a_state_that_names_them_in_another_way_is_not_understood(blob):
    account = TwoSubscriptions()
    account.sync(FIRST)
    account.state = {**account.state, **blob}
    assert told_of(account.sync(SECOND)) == [NEW_1, NEW_2]


def test_with_the_option_a_subscription_of_a_test_clock_has_rows_on_every_way():
    account = TwoSubscriptions(config={"test_clocks": True})
    clocked = {**subscription(), "id": "sub_9", "customer": "cus_9", "test_clock": "clock_1"}
    account.answers |= {
        "test_helpers/test_clocks": (200, _a_list({"id": "clock_1", "object": "clock"})),
        "subscriptions/sub_9": (200, clocked),
    }

    def subscriptions(request):
        asked = parse_qs(urlsplit(request.url).query)
        rows = [clocked] if "test_clock" in asked else account.lists["subscriptions"]
        return 200, _a_list(*rows)

    account.answers["subscriptions"] = subscriptions
    new_9 = ("sub_9", "2026-01-01", 0, 1000)
    assert told_of(account.sync(FIRST)) == [NEW_1, NEW_2, new_9]
    assert account.status == "COMPLETE"
    assert account.sync(SECOND) == []
    # No event tells of it: the scoped list of live ones shows it, up to a minute ago.
    clocked["items"] = {"object": "list", "data": [item(of="p30")]}
    assert told_of(account.sync(THIRD)) == [("sub_9", "2026-01-27", 1000, 3000)]


def _a_list(*rows):
    return {"object": "list", "url": "/v1/x", "has_more": False, "data": list(rows)}


def test_an_event_of_another_kind_may_be_about_something_without_an_id():
    account = TwoSubscriptions()
    account.sync(FIRST)
    account.update(2, "p30", "2026-01-22")
    kind = "entitlements.active_entitlement_summary.updated"
    other = {**account.lists["events"][0], "id": "evt_other", "type": kind}
    summary = {"object": "entitlements.active_entitlement_summary", "customer": "cus_1"}
    account.lists["events"].append({**other, "data": {"object": summary}})
    # Both listen to one feed.
    rows = account.sync(SECOND, active_entitlements={"updated": on(FIRST)})
    assert [row["mrr_after"] for row in rows] == [3000]
    assert account.status == "COMPLETE"


def an_older_change():
    """sub_1 was billed at 10.00 in November and is at 30.00 now; no event tells of the change."""
    account = TwoSubscriptions()
    first = line("il_0", "2025-11-01", "2026-11-01")
    bill = invoice("in_0", "2025-11-01", first, reason="subscription_create")
    account.lists["invoices"][0] = {**bill, "customer": "cus_1", "subscription": "sub_1"}
    changed = subscription(item(of="p30"), created=on("2025-11-01"))
    account.lists["subscriptions"][0] = changed
    return account


@pytest.mark.parametrize(
    ("again", "day"),
    [("2026-01-20 20:00:00", "2025-12-22"), ("2026-01-25", "2025-12-26")],
    ids=["while events reach back", "days later"],
)
def test_rows_written_before_a_kill_come_again_once_the_subscription_is_no_longer_set_aside(
    again, day
):
    account = an_older_change()
    written = [row for row in account.sync(FIRST) if row["subscription_id"] == "sub_1"]
    new, change = ("sub_1", "2025-11-01", 0, 1000), ("sub_1", "2025-12-22", 1000, 3000)
    assert told_of(written) == [new, change]
    # Killed before a state covered them: the one ahead of the rows is the last.
    account.state = account.output.states(STREAM)[0]
    assert "through" not in account.state
    prices = account.lists["prices"]
    account.lists["prices"] = [
        {**price, "transform_usage": "null"} if price["id"] == "p30" else price for price in prices
    ]
    assert told_of(account.sync(FIRST)) == [NEW_2]
    assert account.state["aside"] == {"sub_1": None}
    account.lists["prices"] = prices
    rows = [row for row in account.sync(again) if row["subscription_id"] == "sub_1"]
    assert account.status == "COMPLETE"
    assert [row["event_id"] for row in rows] == [row["event_id"] for row in written]
    assert told_of(rows) == [new, ("sub_1", day, 1000, 3000)]


def _test_data(account):
    """Says of all events that they are of test data, so that clocks have to be known."""
    account.lists["events"] = [{**event, "livemode": False} for event in account.lists["events"]]


def test_while_test_clocks_cannot_be_listed_the_ledger_stands_still_and_other_streams_do_not():
    account = TwoSubscriptions()
    account.sync(FIRST)
    state = account.state
    account.update(2, "p30", "2026-01-22")
    _test_data(account)
    account.answers["test_helpers/test_clocks"] = failure(400, "Not now.")
    assert account.sync(SECOND, prices={"updated": on(FIRST)}) == []
    assert account.status == "INCOMPLETE"
    assert account.output.statuses("prices")[-1] == "COMPLETE"
    assert account.error()["message"].startswith(
        "Stream `subscription_events` was not read to the end. Stripe said: Not now"
    )
    assert account.state == state
    account.answers["test_helpers/test_clocks"] = (200, _a_list())
    assert [row["mrr_after"] for row in account.sync(THIRD)] == [3000]
    assert account.status == "COMPLETE"


def test_a_first_read_of_the_ledger_needs_the_test_clocks_too():
    account = TwoSubscriptions()
    account.update(2, "p30", "2026-01-15")
    _test_data(account)
    account.answers["test_helpers/test_clocks"] = failure(400, "Not now.")
    assert account.sync(FIRST) == []
    assert account.status == "INCOMPLETE"
    account.answers["test_helpers/test_clocks"] = (200, _a_list())
    assert told_of(account.sync(SECOND)) == [NEW_1, NEW_2, ("sub_2", "2026-01-15", 2000, 3000)]
    assert account.status == "COMPLETE"


def test_an_invoice_of_a_clocks_customer_brings_no_subscription_in():
    account = TwoSubscriptions()
    account.sync(FIRST)
    shown = account.lists["invoices"][1]
    bill = {**shown, "id": "in_9", "customer": "cus_9"}
    bill["parent"] = {
        "type": "subscription_details",
        "subscription_details": {"subscription": "sub_9", "metadata": None},
    }
    event = {"id": "evt_9", "object": "event", "type": "invoice.paid", "created": on("2026-01-22")}
    account.lists["events"].append({**event, "livemode": False, "data": {"object": bill}})

    def customers(request):
        return 200, _a_list(*([{"id": "cus_9"}] if "test_clock" in request.url else []))

    account.answers |= {
        "test_helpers/test_clocks": (200, _a_list({"id": "clock_1"})),
        "customers": customers,
    }
    assert account.sync(SECOND) == []
    assert account.status == "COMPLETE"
    assert account.stripe.asked()["subscriptions/sub_9"] == 0
