"""Every reply of every route keeps to Stripe's specification, before and after time has passed."""

import pytest

from stripe_sandbox import stripe_spec
from stripe_sandbox.account import open_account
from stripe_sandbox.server import routes
from stripe_sandbox.shapes import put
from stripe_sandbox.shapes.wire import Wire
from unit_tests.stripe_sandbox.asking import Asker
from unit_tests.stripe_sandbox.contract import EXPANSIONS, breaches, payload_breaches
from unit_tests.stripe_sandbox.crawling import list_requests, object_requests

pytestmark = pytest.mark.slow


def shaped(*names):
    """The samples, with shapes that are as the specification says."""
    account = open_account("samples", seed=3)
    for name in names:
        put(name, account, Wire())
    return account


ACCOUNTS = {
    "samples": lambda: open_account("samples", seed=3),
    "company": lambda: open_account("company", seed=3, customers=40, months=12),
    "shapes": lambda: shaped("own_tax_id", "test_clock"),
}
WEEK = 7 * 86_400

WITHOUT_SCHEMA = {"entitlements.active_entitlement_summary"}
"""Objects of events that Stripe's specification does not describe."""


@pytest.fixture(scope="module", params=ACCOUNTS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def ask(kind):
    account = ACCOUNTS[kind]()
    return Asker(account)


def breaches_of_everything(ask):
    """Broken replies, and the routes that showed no object."""
    found, shown = [], set()
    for route, path, query in list_requests(ask.account, ends=10):
        expansions = "".join(f"&expand[]=data.{e}" for e in EXPANSIONS.get(route.path, ()))
        for wanted in {"", expansions}:
            answer = ask(path, f"limit=100{query}{wanted}")
            assert answer.status == 200, (path, query, wanted, answer.content)
            if answer.content["data"]:
                shown.add(route.path)
                found += [(path, b) for b in breaches(route.path, answer.content)]
    for route, path in object_requests(ask.account, per_route=5):
        expansions = EXPANSIONS.get(route.path.rpartition("/{")[0], ())
        query = "&".join(f"expand[]={e}" for e in expansions)
        answer = ask(path, query)
        assert answer.status == 200, (path, answer.content)
        shown.add(route.path)
        found += [(path, b) for b in breaches(route.path, answer.content)]
    return found, {route.path for route in routes.all_routes()} - shown


def test_every_reply_is_as_the_specification_says(ask, kind):
    found, empty = breaches_of_everything(ask)
    assert found == []
    if kind == "samples":
        # Tax ids of the account itself and test clocks are shapes to be asked for.
        clocks = "/v1/test_helpers/test_clocks"
        assert empty == {"/v1/tax_ids", clocks, f"{clocks}/{{test_clock}}"}
    if kind == "shapes":
        assert empty == set()


def test_every_reply_still_is_after_a_week(ask):
    ask.account.advance(WEEK)
    found, _ = breaches_of_everything(ask)
    assert found == []


def test_what_events_carry_is_as_the_specification_says_of_their_version(ask):
    events = [
        event
        for event in ask.account.store.contents("event")
        if event["api_version"] == stripe_spec.load()["version"]
        and event["data"]["object"]["object"] not in WITHOUT_SCHEMA
    ]
    assert len(events) > 100
    found = [(event["type"], b) for event in events for b in payload_breaches(event)]
    assert found == []


def test_a_reply_that_breaks_the_specification_is_noticed(ask):
    content = ask("/v1/customers").content
    assert breaches("/v1/customers", content) == []
    del content["data"][0]["created"]
    content["data"][1]["email"] = 5
    assert len(breaches("/v1/customers", content)) == 2
