"""Option `test_clocks`: objects of test clocks come in on every way, or on none."""

from urllib.parse import parse_qs, urlsplit

import pytest

from unit_tests.builders import DAY, NOW, an_event
from unit_tests.source_stripe_saas.engine.reading import a_state, read_by_pages
from unit_tests.stripe_server import failure, serving

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


def read(wanted, state=None, key="rk_test_51Secret", answers=ANSWERS):
    """Ids that a sync brings: (of customers, of charges)."""
    config = {"client_secret": key} | ({} if wanted is None else {"test_clocks": wanted})
    states = a_state(customers=state, charges=state) if state else None
    with serving(lists={"events": EVENTS}, answers=dict(answers)) as stripe:
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
