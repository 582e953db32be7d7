"""Replies that no Stripe would send end in one clear error: no endless loop, no defect, no loss.

Where it is one object that is odd, the others are there, and the state moves on.
"""

import pytest

from unit_tests.builders import DAY, NOW, a_list, an_event
from unit_tests.source_stripe_saas.engine.reading import a_state, read_by_pages
from unit_tests.stripe_server import serving

pytestmark = [pytest.mark.usefixtures("no_waiting"), pytest.mark.slow]

FAMILY = ("customers", "customer_cards", "tax_ids")
CUSTOMER = {"id": "cus_1", "object": "customer", "created": NOW - 5_000, "metadata": {}}
NO_LIST = "the reply is not a Stripe list"


def customer(**fields):
    return {name: value for name, value in {**CUSTOMER, **fields}.items() if value is not ...}


def page(*entries, **fields):
    return a_list(*entries, url="/v1/customers") | fields


def the_error(output, stream="customers"):
    """The one error of a stream that is INCOMPLETE."""
    assert output.statuses(stream)[-1] == "INCOMPLETE"
    found = [error for error in output.errors() if f"`{stream}`" in error["message"]]
    assert len(found) == 1
    text = found[0]["message"]
    assert "defect" not in text
    assert "\n" not in text
    return text


LISTS = {
    "no JSON object": ([1], NO_LIST),
    "null": (None, NO_LIST),
    "data is null": (page(data=None), NO_LIST),
    "data is an object": (page(data={"a": 1}), NO_LIST),
    "has_more is a text": (page(has_more="true"), NO_LIST),
    "has_more is null": (page(has_more=None), NO_LIST),
    "an empty page with more": (page(has_more=True), NO_LIST),
    "an entry is null": (page(None), NO_LIST),
    "an entry is a text": (page("x"), NO_LIST),
    "an entry is a list": (page([CUSTOMER]), NO_LIST),
    "the same page for ever": (page(CUSTOMER, has_more=True), "comes again and again"),
}


@pytest.mark.parametrize(("reply", "said"), LISTS.values(), ids=LISTS)
def test_a_list_that_is_none_is_said_to_be_none(reply, said):
    with serving(answers={"customers": (200, reply)}) as stripe:
        output = read_by_pages("customers")
    assert said in the_error(output)
    assert len(stripe.sent) < 50


WITHOUT_TIME = {
    "no created": customer(id="cus_2", created=...),
    "created is null": customer(id="cus_2", created=None),
    "created is a text": customer(id="cus_2", created="5"),
    "created is no integer": customer(id="cus_2", created=1.5),
}


@pytest.mark.parametrize("row", WITHOUT_TIME.values(), ids=WITHOUT_TIME)
def test_an_object_that_does_not_say_when_it_was_created_is_written_and_named(row):
    with serving(answers={"customers": (200, page(CUSTOMER, row))}):
        output = read_by_pages("customers")
    text = the_error(output)
    assert "One object is not as Stripe's API describes them: cus_2 (`created` is no" in text
    assert "Stripe said" not in text
    assert output.errors()[0]["failure_type"] == "system_error"
    first, second = output.records("customers")
    assert ({**first, **CUSTOMER}, {**second, **row}) == (first, second)
    assert output.states("customers")[-1] == {"updated": NOW - 60}


WITHOUT_ID = {
    "no id": {"object": "customer", "created": NOW - 7},
    "id is null": {"object": "customer", "created": NOW - 7, "id": None},
    "id is a number": {"object": "customer", "created": NOW - 7, "id": 5},
}


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("row", WITHOUT_ID.values(), ids=WITHOUT_ID)
def test_an_entry_without_id_is_named_once_and_the_others_are_there(row, place):
    others = [CUSTOMER, customer(id="cus_2")]
    entries = [*others[:place], row, *others[place:]]
    with serving(answers={"customers": (200, page(*entries))}):
        output = read_by_pages(*FAMILY)
    for stream in FAMILY:
        text = the_error(output, stream)
        assert f"an object without id in customers, created {NOW - 7}" in text
    assert [record["id"] for record in output.records("customers")] == ["cus_1", "cus_2"]


def test_a_page_of_entries_without_id_and_more_after_it_is_an_error():
    with serving(answers={"customers": (200, page(WITHOUT_ID["no id"], has_more=True))}):
        output = read_by_pages("customers")
    assert "has an id" in the_error(output)


HARMLESS = {
    "before 1970": customer(created=-5),
    "beyond 64 bits": customer(created=2**70),
    "in the future": customer(created=NOW + 10**9),
    "an id with slashes, blanks and lines": customer(id="a/../b c?d#e%20\n\x00ü🦓"),
    "a very long id": customer(id="x" * 5_000),
    "an empty id": customer(id=""),
    "metadata is a number": customer(metadata=5),
    "object is null": customer(object=None),
}


@pytest.mark.parametrize("row", HARMLESS.values(), ids=HARMLESS)
def test_an_odd_object_passes_as_it_is(row):
    with serving(answers={"customers": (200, page(row))}):
        output = read_by_pages("customers")
    assert output.error is None
    [record] = output.records("customers")
    assert {**record, **row} == record


EMBEDDED = {
    "data is null": a_list() | {"data": None},
    "entries of all kinds": a_list() | {"data": [None, 5, "x"]},
    "an entry without id": a_list({"object": "card"}),
    "cut without an address": a_list(has_more=True) | {"url": None},
    "cut with a number for an address": a_list(has_more=True) | {"url": 5},
    "cut with an address of another API": a_list(has_more=True) | {"url": "/v2/x"},
}


@pytest.mark.parametrize("embedded", EMBEDDED.values(), ids=EMBEDDED)
def test_an_embedded_list_that_is_none_is_named_and_stops_no_other(embedded):
    card = {"id": "card_2", "object": "card", "customer": "cus_2"}
    rows = [
        customer(sources=embedded, tax_ids=a_list()),
        customer(id="cus_2", created=NOW - 6_000, sources=a_list(card), tax_ids=a_list()),
    ]
    with serving(lists={"customers": rows}):
        output = read_by_pages(*FAMILY)
    text = the_error(output, "customer_cards")
    assert "cus_1 (" in text
    assert "`sources`" in text
    assert "Stripe said" not in text
    assert [record["id"] for record in output.records("customer_cards")] == ["card_2"]
    assert len(output.records("customers")) == 2
    assert {name: output.statuses(name)[-1] for name in FAMILY} == {
        "customers": "COMPLETE",
        "customer_cards": "INCOMPLETE",
        "tax_ids": "COMPLETE",
    }
    assert output.states("customer_cards")[-1] == {"updated": NOW - 60}


def test_the_address_of_an_embedded_list_cannot_lead_to_another_server():
    cut = a_list(url="https://evil.example/v1/customers/cus_1/sources", has_more=True)
    row = customer(sources=cut, tax_ids=a_list())
    card = {"id": "card_1", "object": "card", "customer": "cus_1"}
    rest = (200, a_list(card))
    with serving(lists={"customers": [row]}, answers={"customers/cus_1/sources": rest}) as stripe:
        output = read_by_pages(*FAMILY)
    assert [record["id"] for record in output.records("customer_cards")] == ["card_1"]
    assert {request.hostname for request in stripe.sent} == {"api.stripe.com"}


EVENTS = {
    "data is null": {"data": None},
    "data is a text": {"data": "x"},
    "no object": {"data": {}},
    "the object is null": {"data": {"object": None}},
    "the object is a list": {"data": {"object": [1]}},
}


@pytest.mark.parametrize("fields", EVENTS.values(), ids=EVENTS)
def test_an_event_that_shows_no_object_is_named_and_the_others_count(fields):
    event = an_event(CUSTOMER, "customer.updated", NOW - 100) | fields
    other = an_event(customer(id="cus_2", name="New"), "customer.updated", NOW - 90)
    state = a_state(customers={"updated": NOW - DAY}, charges={"updated": NOW - DAY})
    with serving(lists={"events": [event, other]}):
        output = read_by_pages("customers", "charges", state=state)
    assert f"{event['id']} (the event shows no object)" in the_error(output)
    assert [record["id"] for record in output.records("customers")] == ["cus_2"]
    assert output.statuses("charges")[-1] == "COMPLETE", "it does not listen to such events"
    assert output.states("customers")[-1] == {"updated": NOW - 60}


@pytest.mark.parametrize("former", ["x", [1], {"sources": {"data": [None, 5]}}, {"sources": 1}])
@pytest.mark.parametrize("created", [..., "abc", {}, None])
def test_odd_fields_of_an_event_do_not_hide_the_change(former, created):
    event = an_event(
        customer(created=created), "customer.updated", NOW - 100, previous_attributes=former
    )
    state = a_state(**{name: {"updated": NOW - DAY} for name in FAMILY})
    with serving(lists={"customers": [CUSTOMER], "events": [event]}):
        output = read_by_pages(*FAMILY, state=state)
    assert output.error is None
    assert [record["id"] for record in output.records("customers")] == ["cus_1"]


def test_a_fetched_object_without_an_id_is_no_record():
    event = an_event(CUSTOMER, "customer.updated", NOW - 100, "2019-01-01")
    state = a_state(customers={"updated": NOW - DAY})
    answers = {"customers/cus_1": (200, {"object": "customer", "id": None})}
    with serving(lists={"events": [event]}, answers=answers):
        output = read_by_pages("customers", state=state)
    assert "cus_1 (what Stripe sent for it has no id)" in the_error(output)


ERRORS = {
    "a list": [1],
    "null": None,
    "error is null": {"error": None},
    "the message is an object": {"error": {"message": {"a": 1}}},
    "the message has many lines": {"error": {"message": "a\nTraceback:\n  b"}},
    "the message has no end": {"error": {"message": "x" * 10**6}},
    "a key in the message": {"error": {"message": "no: rk_test_51Secret"}},
}


@pytest.mark.parametrize("body", ERRORS.values(), ids=ERRORS)
def test_an_error_of_any_shape_becomes_one_line(body):
    with serving(answers={"customers": (400, body)}):
        output = read_by_pages("customers")
    text = the_error(output)
    assert len(text) < 2_000
    assert "51Secret" not in str(output.lines)
