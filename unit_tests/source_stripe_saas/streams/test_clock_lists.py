"""Option `test_clocks`: objects of test clocks come in on every way, or on none."""

from urllib.parse import parse_qs, urlsplit

import pytest

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.refusal import Refusal
from source_stripe_saas.streams.clocks import TestClocks
from unit_tests.builders import DAY, NOW, an_event, some_access
from unit_tests.source_stripe_saas.engine.reading import a_state, read_by_pages
from unit_tests.stripe_server import denied, failure, serving

pytestmark = pytest.mark.usefixtures("no_waiting")

PLAIN = {"id": "cus_1", "object": "customer", "created": NOW - DAY}
CLOCKED = {**PLAIN, "id": "cus_9", "test_clock": "clock_1"}
CHARGE = {"id": "ch_1", "object": "charge", "created": NOW - DAY, "customer": "cus_1"}
ITS_CHARGE = {**CHARGE, "id": "ch_9", "customer": "cus_9", "created": NOW + 400 * DAY}
"""A clock may have run ahead."""


def a_page(*rows):
    return 200, {"object": "list", "url": "/v1/x", "has_more": False, "data": list(rows)}


def a_list(plain, clocked, scope):
    """A list that hides an object unless it is asked for by a filter."""

    def answer(request):
        asked = parse_qs(urlsplit(request.url).query)
        if scope in asked:
            return a_page(clocked) if asked[scope] == [SCOPES[scope]] else a_page()
        # Nothing is new when what was created since the last sync is listed.
        low = int(asked.get("created[gte]", ["0"])[0])
        return a_page(plain) if plain["created"] >= low else a_page()

    return answer


SCOPES = {"test_clock": "clock_1", "customer": "cus_9"}
ANSWERS = {
    "test_helpers/test_clocks": a_page({"id": "clock_1", "object": "test_helpers.test_clock"}),
    "customers": a_list(PLAIN, CLOCKED, "test_clock"),
    "charges": a_list(CHARGE, ITS_CHARGE, "customer"),
    "customers/cus_9": (200, CLOCKED),
    "charges/ch_9": (200, ITS_CHARGE),
}
EVENTS = [
    {**an_event(CLOCKED, "customer.updated", created=NOW - 3_600), "livemode": False},
    {**an_event(ITS_CHARGE, "charge.succeeded", created=NOW - 3_600), "livemode": False},
]


def read(wanted, state=None, key="rk_test_51Secret", answers=ANSWERS, events=EVENTS):
    """Ids that a sync brings: (of customers, of charges)."""
    config = {"client_secret": key} | ({} if wanted is None else {"test_clocks": wanted})
    states = a_state(customers=state, charges=state) if state else None
    with serving(lists={"events": events}, answers=dict(answers)) as stripe:
        output = read_by_pages("customers", "charges", config=config, state=states)
    found = [sorted(row["id"] for row in output.records(name)) for name in ("customers", "charges")]
    return found, stripe, output


@pytest.mark.parametrize("wanted", [None, False], ids=["default", "off"])
@pytest.mark.parametrize("state", [None, {"updated": NOW - DAY // 2}], ids=["first", "later"])
def test_without_the_option_they_come_in_on_no_way(wanted, state):
    found, _, output = read(wanted, state)
    assert found == ([["cus_1"], ["ch_1"]] if state is None else [[], []])
    assert output.errors() == []


def test_with_the_option_a_first_read_lists_them_too():
    found, stripe, output = read(True)
    assert found == [["cus_1", "cus_9"], ["ch_1", "ch_9"]]
    assert output.errors() == []
    assert stripe.asked()["test_helpers/test_clocks"] == 1


def test_with_the_option_a_later_read_takes_what_events_tell():
    found, _, output = read(True, {"updated": NOW - DAY // 2})
    assert found == [["cus_9"], ["ch_9"]]
    assert output.errors() == []


def test_a_read_of_live_data_never_asks_for_clocks():
    found, stripe, _ = read(True, key="rk_live_51Secret")
    assert found == [["cus_1"], ["ch_1"]]
    assert stripe.asked()["test_helpers/test_clocks"] == 0


def test_clocks_that_are_wanted_and_cannot_be_listed_end_the_streams_as_incomplete():
    refused = {**ANSWERS, "test_helpers/test_clocks": failure(400, "Not now.")}
    found, _, output = read(True, answers=refused)
    assert found == [["cus_1"], ["ch_1"]]
    assert output.statuses("customers")[-1] == output.statuses("charges")[-1] == "INCOMPLETE"
    assert all("Not now" in error["message"] for error in output.errors())


LATER = {"updated": NOW - DAY // 2}
CLOCKS = "test_helpers/test_clocks"
GATEWAY = (403, "<html>Forbidden</html>")
GONE = failure(400, "No such test clock.", code="resource_missing", param="test_clock")
THROTTLED = failure(400, "Not now.")
OF_NOBODY = {"id": "prod_1", "object": "product", "created": NOW - DAY}


@pytest.mark.parametrize("path", [CLOCKS, "customers"])
@pytest.mark.parametrize("answer", [THROTTLED, GATEWAY], ids=["failure", "gateway"])
def test_without_the_clocks_no_change_is_read_and_the_next_sync_goes_on_from_there(path, answer):
    given = answer
    if path == "customers":

        def given(request):
            return answer if "test_clock" in request.url else a_page()

    found, _, output = read(None, LATER, answers={**ANSWERS, path: given}, events=EVENTS[1:])
    assert found == [[], []]
    assert output.statuses("customers")[-1] == "COMPLETE"
    assert output.statuses("charges")[-1] == "INCOMPLETE"
    [error] = output.errors()
    assert error["message"].startswith("Stream `charges` was not read to the end.")
    [state] = output.states("charges")[-1:]
    assert state["updated"] == LATER["updated"]
    found, _, output = read(None, state, events=EVENTS[1:])
    assert (found, output.errors()) == ([[], []], [])


@pytest.mark.parametrize(
    ("path", "answer"),
    [(CLOCKS, denied("rak_billing_clock_read")), (CLOCKS, failure(404, "Unrecognized URL."))],
    ids=["no permission", "no such list"],
)
def test_a_key_that_cannot_list_clocks_knows_what_names_its_clock_alone(path, answer, caplog):
    caplog.set_level("INFO")
    answers = {**ANSWERS, path: answer}
    found, stripe, output = read(None, LATER, answers=answers, events=EVENTS[1:])
    assert found == [[], ["ch_9"]]
    assert output.errors() == []
    assert stripe.asked()[CLOCKS] == 1
    assert "cannot list test clocks and their customers, so what events tell of" in caplog.text


def test_a_clock_that_goes_while_clocks_are_listed_has_no_customers():
    def customers(request):
        asked = parse_qs(urlsplit(request.url).query).get("test_clock")
        if asked == ["clock_0"]:
            return GONE
        return a_page(CLOCKED) if asked else a_page()

    clocks = a_page({"id": "clock_0"}, {"id": "clock_1"})
    answers = {**ANSWERS, CLOCKS: clocks, "customers": customers}
    found, _, output = read(None, LATER, answers=answers, events=EVENTS[1:])
    assert (found, output.errors()) == ([[], []], [])


def test_an_object_that_is_asked_for_again_is_not_taken_while_clocks_cannot_be_listed():
    state = {**LATER, "retry": {"objects": ["ch_9"]}}
    event = {**an_event(OF_NOBODY, "product.updated", created=NOW - 3_600), "livemode": False}
    answers = {**ANSWERS, CLOCKS: THROTTLED, "charges": a_page(), "products": a_page()}
    with serving(lists={"events": [event]}, answers=answers) as stripe:
        output = read_by_pages("charges", "products", state=a_state(charges=state, products=LATER))
    assert stripe.asked()["charges/ch_9"] == 1
    assert output.records("charges") == []
    assert output.statuses("charges")[-1] == "INCOMPLETE"
    assert output.states("charges")[-1]["retry"] == {"objects": ["ch_9"]}
    answers[CLOCKS] = ANSWERS[CLOCKS]
    with serving(lists={"events": [event]}, answers=answers):
        output = read_by_pages(
            "charges",
            "products",
            state=a_state(charges=output.states("charges")[-1], products=LATER),
        )
    assert output.records("charges") == []
    assert output.errors() == []
    assert "retry" not in output.states("charges")[-1]


def some_clocks(*events):
    clocks = TestClocks(StripeClient(some_access()))
    for event in events:
        clocks.note(event)
    return clocks


def test_a_failure_is_raised_and_not_remembered():
    clocks = some_clocks(EVENTS[1])
    with serving(answers={**ANSWERS, CLOCKS: THROTTLED}), pytest.raises(Refusal):
        clocks.hides(ITS_CHARGE)
    with serving(answers=dict(ANSWERS)) as stripe:
        assert clocks.hides(ITS_CHARGE)
        assert not clocks.hides(CHARGE)
    assert stripe.asked()[CLOCKS] == 1


def test_what_belongs_to_a_clock_by_way_of_another_object_is_hidden_by_its_id_too():
    refund = {"id": "re_9", "object": "refund", "charge": "ch_9"}
    refunded = {**an_event(refund, "refund.created", created=NOW), "livemode": False}
    clocks = some_clocks(refunded, EVENTS[1])
    with serving(answers=dict(ANSWERS)):
        assert clocks.hides({"id": "re_9"})
        assert clocks.hides({"id": "re_8", "charge": {"id": "ch_9"}})
        assert not clocks.hides({"id": "re_7", "charge": "ch_1"})
