"""Records: what the connector adds, cut lists completed, children with their parent's id."""

import json

import pytest

from source_stripe_saas.api.address import NoAddress, endpoint_of, fill_path
from source_stripe_saas.api.raw_object import head_decoder, list_content
from source_stripe_saas.api.refusal import refusal
from source_stripe_saas.streams.plan import Touch, asking_for
from source_stripe_saas.streams.records import RecordMaker
from source_stripe_saas.streams.skipped import RetryKey, SkippedObject
from unit_tests.builders import NOW, PLANS, a_list, a_plan, a_thing
from unit_tests.fake_stripe import FakeStripe
from unit_tests.syncs import decoded, small_pages

GONE = refusal("x", 404, {"error": {"message": "No such thing"}})


def records(plan, row, client=None, updated=NOW):
    return decoded(list(RecordMaker(plan, client or FakeStripe()).records(row, updated)))


@pytest.mark.parametrize(
    ("template", "row", "path"),
    [
        ("customers/{id}/sources", {"id": "cus_1"}, "customers/cus_1/sources"),
        ("coupons/{id}", {"id": "50% off/now?"}, "coupons/50%25%20off%2Fnow%3F"),
        (
            "customers/{customer}/tax_ids/{id}",
            {"id": "t", "customer": {"id": "c"}},
            "customers/c/tax_ids/t",
        ),
    ],
)
def test_ids_are_escaped_into_paths(template, row, path):
    assert fill_path(template, row) == path


def test_a_path_whose_field_is_missing_cannot_be_filled():
    with pytest.raises(NoAddress, match="`customer` holds no id"):
        fill_path("customers/{customer}/tax_ids/{id}", {"id": "t"})


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("invoices", "invoices"),
        ("checkout/sessions", "checkout/sessions"),
        ("invoices/in_1/lines", "invoices/*/lines"),
        ("customers/{id}/sources", "customers/*/sources"),
        ("customers/{customer}/sources/{id}", "customers/*/sources/*"),
        ("invoices/{id}", "invoices/*"),
        ("checkout/sessions/{id}", "checkout/sessions/*"),
        ("checkout/sessions/cs_1/line_items", "checkout/sessions/*/line_items"),
        ("issuing/cards/{id}", "issuing/cards/*"),
        ("radar/early_fraud_warnings", "radar/early_fraud_warnings"),
    ],
)
def test_all_ids_of_a_route_share_one_limit(path, endpoint):
    assert endpoint_of(path) == endpoint


def test_a_record_gets_the_time_of_its_change_and_whether_it_is_deleted():
    assert records(a_plan(), a_thing(1)) == [a_thing(1, updated=NOW, is_deleted=False)]


def test_a_stream_that_cannot_tell_deletions_says_nothing_of_them():
    assert records(a_plan(deletion_events=()), a_thing(1)) == [a_thing(1, updated=NOW)]


def test_a_stream_that_is_always_read_whole_gets_nothing_added():
    assert records(a_plan(full_refresh=True), a_thing(1)) == [a_thing(1)]


@pytest.mark.parametrize("stream", ["products", "billing_meters"])
def test_stripes_own_updated_is_left_alone(stream):
    row = {"id": "x", "object": PLANS[stream].object, "created": 1, "updated": 5}
    (record,) = records(PLANS[stream], row)
    assert record["updated"] == 5


def test_a_cut_list_is_read_to_its_end_by_its_own_address():
    parts = [{"id": f"pa_{n}", "object": "part"} for n in range(5)]
    url = "/v1/parts?thing=th_1"
    row = a_thing(1, parts=a_list(*parts[:2], url=url, has_more=True))
    client = FakeStripe({"parts": [{**part, "thing": "th_1"} for part in parts]})
    plan = a_plan(completes=("parts",), expand=("parts.data.discounts", "discounts"))
    with small_pages(3):
        (record,) = records(plan, row, client)
    assert [part["id"] for part in record["parts"]["data"]] == [f"pa_{n}" for n in range(5)]
    assert record["parts"]["has_more"] is False
    assert client.requests_to("parts")[0] == {
        "thing": "th_1",
        "expand[]": "data.discounts",
        "limit": "3",
    }


def test_a_page_that_comes_twice_puts_nothing_twice_into_a_list():
    class Twice(FakeStripe):
        def get(self, path, params=(), **options):
            asked = [pair for pair in params if pair[0] != "starting_after"]
            is_second = len(self.requests) == 1
            return super().get(path, asked if is_second else params, **options)

    parts = [{"id": f"pa_{n}", "object": "part"} for n in range(5)]
    row = a_thing(1, parts=a_list(*parts[:2], url="/v1/parts", has_more=True))
    with small_pages(2):
        (record,) = records(a_plan(completes=("parts",)), row, Twice({"parts": parts}))
    assert [part["id"] for part in record["parts"]["data"]] == [f"pa_{n}" for n in range(5)]


@pytest.mark.parametrize(
    "parts", [a_list({"id": "pa_1"}), None, "pa_list"], ids=["whole", "null", "odd"]
)
def test_a_list_that_is_not_cut_costs_no_request(parts):
    client = FakeStripe()
    (record,) = records(a_plan(completes=("parts",)), a_thing(1, parts=parts), client)
    assert record["parts"] == parts
    assert client.requests == []


@pytest.mark.parametrize("url", ["", None, "/v2/parts"])
def test_a_cut_list_without_a_usable_address_is_odd_and_the_row_is_there(url):
    row = a_thing(1, parts=a_list(url=url, has_more=True))
    skipped, record = records(a_plan(completes=("parts",)), row)
    assert skipped == SkippedObject("th_1", "`parts` of it is cut and has no address", False)
    assert record["parts"] == row["parts"]


def test_of_an_address_only_the_path_counts_so_no_other_host_is_asked():
    url = "https://example.com/v1/parts"
    client = FakeStripe({"parts": [{"id": "pa_1"}]})
    records(a_plan(completes=("parts",)), a_thing(1, parts=a_list(url=url, has_more=True)), client)
    assert [path for path, _ in client.requests] == ["parts"]


def test_a_cut_list_whose_owner_vanished_keeps_what_is_known():
    row = a_thing(1, parts=a_list({"id": "pa_1"}, url="/v1/things/th_1/parts", has_more=True))
    client = FakeStripe(refusals={"things/th_1/parts": GONE})
    (record,) = records(a_plan(completes=("parts",)), row, client)
    assert record["parts"]["data"] == [{"id": "pa_1"}]


def test_a_cut_list_that_is_not_found_while_its_owner_is_there_is_not_passed_over():
    row = a_thing(1, parts=a_list({"id": "pa_1"}, url="/v1/things/th_1/parts", has_more=True))
    client = FakeStripe({"things": [row]}, refusals={"things/th_1/parts": GONE})
    skipped, record = records(a_plan(completes=("parts",)), row, client)
    assert "`parts` of th_1 is cut, and the rest" in skipped.reason
    assert (skipped.is_refused, skipped.retry) == (True, RetryKey("objects", "th_1"))
    assert record["parts"] == row["parts"]


def test_a_cut_list_whose_owner_is_a_tombstone_keeps_what_is_known():
    row = a_thing(1, parts=a_list({"id": "pa_1"}, url="/v1/things/th_1/parts", has_more=True))
    client = FakeStripe(refusals={"things/th_1/parts": GONE}, deleted_stay=True)
    (record,) = records(a_plan(completes=("parts",)), row, client)
    assert record["parts"]["data"] == [{"id": "pa_1"}]


def test_embedded_children_take_their_parents_id_and_only_their_own_kind_counts():
    customer = {
        "id": "cus_1",
        "object": "customer",
        "created": 1,
        "sources": a_list(
            {"id": "ba_1", "object": "bank_account"}, {"id": "card_1", "object": "card"}
        ),
    }
    cards = records(PLANS["customer_cards"], customer)
    assert cards == [
        {"id": "card_1", "object": "card", "customer": "cus_1", "updated": NOW, "is_deleted": False}
    ]


@pytest.mark.parametrize("sources", [None, "missing", []], ids=repr)
def test_a_parent_without_the_list_has_no_children(sources):
    customer = {"id": "cus_1", "object": "customer", "created": 1}
    if sources != "missing":
        customer["sources"] = sources
    assert records(PLANS["customer_cards"], customer) == []


CALLED = a_plan(
    object="part",
    parent=a_plan(),
    call="parts?thing={id}",
    adds=(("thing", "id"),),
    events=(),
    parent_touched_by=(Touch("id", ("thing.updated",)),),
)


def test_children_that_must_be_asked_for_are_read_to_their_end():
    parts = [{"id": f"pa_{n}", "object": "part", "thing": "th_1"} for n in range(5)]
    client = FakeStripe({"parts": parts})
    with small_pages(2):
        found = records(CALLED, a_thing(1), client)
    assert [record["id"] for record in found] == [f"pa_{n}" for n in range(5)]
    assert {record["thing"] for record in found} == {"th_1"}
    assert len(client.requests) == 3


def test_children_of_a_parent_that_vanished_are_none():
    assert records(CALLED, a_thing(1), FakeStripe(refusals={"parts": GONE})) == []


def test_children_that_are_not_found_while_their_parent_is_there_are_not_passed_over():
    client = FakeStripe({"things": [a_thing(1)]}, refusals={"parts": GONE})
    (skipped,) = records(CALLED, a_thing(1), client)
    assert (skipped.id, skipped.reason) == ("th_1", "No such thing")
    assert skipped.retry == RetryKey("parents", "th_1")


def test_a_parent_whose_children_stripe_does_not_know_is_not_asked():
    plan = PLANS["payout_balance_transactions"]
    client = FakeStripe({"balance_transactions": [{"id": "txn_1", "payout": "po_1"}]})
    payout = {"id": "po_1", "object": "payout", "automatic": True, "created": 1}
    assert records(plan, {**payout, "reconciliation_status": "in_progress"}, client) == []
    assert records(plan, {**payout, "automatic": False}, client) == []
    assert client.requests == []
    (record,) = records(plan, {**payout, "reconciliation_status": "completed"}, client)
    assert (record["payout"], record["id"]) == ("po_1", "txn_1")


def sliced_rows(*rows):
    body = json.dumps({"object": "list", "data": rows, "has_more": False}, indent=2).encode()
    found = list_content(body, head_decoder(("created",), ("parts",)))
    assert found is not None
    return found[0]


def test_a_whole_page_as_it_is_makes_the_records_that_its_objects_make_one_by_one():
    maker = RecordMaker(a_plan(completes=("parts",)), FakeStripe())
    rows = sliced_rows(*(a_thing(n, parts=a_list([{"id": "pa_1"}])) for n in range(3)))
    together = maker.as_they_are(rows, NOW)
    assert together is not None
    assert decoded(together) == decoded([one for row in rows for one in maker.records(row, NOW)])


@pytest.mark.parametrize(
    ("plan", "parts"),
    [
        (a_plan(completes=("parts",)), {**a_list([]), "has_more": True}),
        (a_plan(parent=a_plan(), embedded="parts"), a_list([])),
    ],
    ids=["an embedded list was cut", "children must be taken out"],
)
def test_a_page_that_needs_a_closer_look_is_not_passed_on_as_it_is(plan, parts):
    rows = sliced_rows(a_thing(1, parts=a_list([])), a_thing(2, parts=parts))
    assert RecordMaker(plan, FakeStripe()).as_they_are(rows, NOW) is None
    assert RecordMaker(plan, FakeStripe()).as_they_are([a_thing(1)], NOW) is None


# -- what is asked for about those that a config names -----------------------------------------

DAY = 86_400


SUMMARIES = "billing/meters/mtr_1/event_summaries"


def asked(client):
    return [params | {"limit": None} for params in client.requests_to(SUMMARIES)]


@pytest.mark.parametrize(
    ("since", "made", "first"),
    [
        # 2026-03-10 07:00: the days before it in which something may still be reported to it.
        (0, 1_773_126_000, 1_773_100_800 - 35 * DAY),
        # A start date in the midst of a day, later than that.
        (1_773_126_000, 1_700_000_000, 1_773_100_800),
    ],
)
def test_whole_days_are_asked_for_about_each_one_that_is_named(since, made, first):
    plans = asking_for(PLANS, ["cus_1", "cus_2", "cus_1"], since)
    plan, meter = plans["billing_meter_event_summaries"], {"id": "mtr_1", "created": made}
    days = {
        "start_time": str(first),
        "end_time": str(1_773_100_800 + 50 * DAY),
        "value_grouping_window": "day",
    }
    used = [{"id": name, "customer": name, "created": 0, **days} for name in ("cus_1", "cus_2")]
    client = FakeStripe({SUMMARIES: used})
    found = records(plan, meter, client, updated=1_773_126_000 + 50 * DAY)
    assert [(record["id"], record["customer"]) for record in found] == [
        ("cus_1", "cus_1"),
        ("cus_2", "cus_2"),
    ]
    assert asked(client) == [
        {"customer": name, **days, "limit": None} for name in ("cus_1", "cus_2")
    ]


def test_no_day_that_is_over_means_no_request():
    plan = asking_for(PLANS, ["cus_1"], NOW)["billing_meter_event_summaries"]
    client = FakeStripe()
    assert records(plan, {"id": "mtr_1", "created": NOW}, client, updated=NOW) == []
    assert asked(client) == []


@pytest.mark.parametrize(
    ("of_several", "code", "skipped"),
    [
        (False, "resource_missing", ["cus_1 of mtr_1", "cus_2 of mtr_1"]),
        (True, "resource_missing", []),
        (True, "parameter_invalid", ["cus_1 of mtr_1", "cus_2 of mtr_1"]),
    ],
    ids=["the only account", "one of several", "another mistake in one of several"],
)
def test_whom_an_account_does_not_know_may_be_another_s(of_several, code, skipped):
    plan = asking_for(PLANS, ["cus_1", "cus_2"], 0, of_several=of_several)[
        "billing_meter_event_summaries"
    ]
    error = {"message": "No such customer", "code": code, "param": "customer"}
    meter = {"id": "mtr_1", "created": 0}
    refusals = {SUMMARIES: refusal(SUMMARIES, 400, {"error": error})}
    client = FakeStripe({"billing/meters": [meter]}, refusals=refusals)
    found = list(RecordMaker(plan, client).records(meter, NOW))
    assert [one.id for one in found if isinstance(one, SkippedObject)] == skipped
    assert len(found) == len(skipped)
    assert len(asked(client)) == 2


def test_only_a_stream_that_asks_for_names_gets_them():
    plans = asking_for(PLANS, ["cus_1"], 5)
    assert [name for name, plan in plans.items() if plan != PLANS[name]] == [
        "billing_meter_event_summaries"
    ]
