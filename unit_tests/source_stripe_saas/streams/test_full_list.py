"""Lists without a `created` filter, single objects, and lists that fall back on the parents."""

from dataclasses import replace

import pytest

from source_stripe_saas.api.refusal import Refusal, refusal
from unit_tests.builders import NOW, PLANS, a_plan, a_thing
from unit_tests.fake_stripe import FakeStripe
from unit_tests.syncs import run_sync, small_pages

CALL = "customers/{id}/payment_methods"
METHODS = replace(PLANS["payment_methods"], events=())


def customers(number):
    return [{"id": f"cus_{n}", "object": "customer", "created": NOW - n} for n in range(number)]


def method(number, customer=None):
    return {
        "id": f"pm_{number}",
        "object": "payment_method",
        "created": NOW - number,
        "customer": customer,
    }


def no(status, **error):
    return refusal("payment_methods", status, {"error": {"message": "no", **error}})


def read_methods(client, state=None):
    return run_sync(PLANS["payment_methods"], client, state, now=NOW, plans=PLANS)


def test_a_list_that_answers_is_read_without_its_parents():
    client = FakeStripe({"payment_methods": [method(1), method(2)], "customers": customers(3)})
    assert read_methods(client).ids == ["pm_1", "pm_2"]
    assert client.requests_to("customers") == []


@pytest.mark.parametrize("refused", [None, no(400), no(404)], ids=["empty", "400", "404"])
def test_an_empty_or_refused_list_is_asked_for_parent_by_parent(refused):
    lists = {"payment_methods": [], "customers": customers(3)}
    lists |= {f"customers/cus_{n}/payment_methods": [method(n, f"cus_{n}")] for n in range(3)}
    client = FakeStripe(lists)
    if refused is not None:
        client.refusals["payment_methods"] = refused
    sync = read_methods(client)
    assert sync.ids == ["pm_0", "pm_1", "pm_2"]
    assert sync.is_complete


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_may_not_read_the_list_is_a_failure(status):
    client = FakeStripe({"customers": customers(3)}, refusals={"payment_methods": no(status)})
    with pytest.raises(Refusal):
        read_methods(client)


@pytest.mark.parametrize("status", [400, 404])
def test_a_list_that_breaks_off_is_a_failure_and_not_the_end(status):
    client = FakeStripe({"payment_methods": [method(n) for n in range(4)]})

    def break_off(path, params):
        if "starting_after" in params:
            client.refusals[path] = no(status)

    client.before = break_off
    with small_pages(2), pytest.raises(Refusal):
        read_methods(client)


def test_without_a_fallback_a_refused_list_is_a_failure():
    client = FakeStripe(refusals={"things": no(404)})
    with pytest.raises(Refusal):
        run_sync(a_plan(created_filter=False), client, now=NOW)


def test_a_single_object_is_one_record():
    client = FakeStripe()
    sync = run_sync(PLANS["account"], client, now=NOW)
    assert (sync.ids, sync.is_complete) == (["acct_1"], True)
    assert client.requests == [("account", [])]


def test_a_finished_variant_is_not_read_again():
    plan = a_plan(
        created_filter=False, variants=((("kind", "a"),), (("kind", "b"),)), full_refresh=False
    )
    rows = [a_thing(n, NOW - n, kind="ab"[n % 2]) for n in range(4)]
    client = FakeStripe({"things": rows})
    first = run_sync(plan, client, now=NOW, stop_after=2)
    assert first.state["backfill"]["finished"] == ["kind=a"]
    client.requests.clear()
    second = run_sync(plan, client, first.state, now=NOW)
    assert second.ids == ["th_1", "th_3"]
    assert {asked["kind"] for asked in client.requests_to("things")} == {"b"}
