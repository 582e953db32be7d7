"""Prices, coupons and customers' discounts are asked for once, alone or by pages."""

import threading

import pytest

from source_stripe_saas.ledger.lookup_cache import CustomerDiscounts, LookupCache
from unit_tests.builders import PLANS, a_thing
from unit_tests.fake_stripe import FakeStripe

NEWEST_FIRST = [{**a_thing(number, created=number), "active": True} for number in range(950, 0, -1)]


def stripe(things=NEWEST_FIRST):
    return FakeStripe({"prices": list(things), "coupons": list(things)})


def coupons(client):
    return LookupCache(client, PLANS["coupons"])


def test_an_id_is_asked_for_once_whether_it_is_there_or_not():
    client = stripe()
    found = coupons(client)
    for _ in range(3):
        assert found["th_7"]["created"] == 7
        assert found.get("th_0") is None
        assert "th_0" not in found
    assert [path for path, _ in client.requests] == ["coupons/th_7", "coupons/th_0"]


def test_what_was_deleted_is_not_there():
    client = stripe([])
    client.deleted_stay = True
    assert coupons(client).get("th_1") is None


def test_it_is_never_empty_to_those_who_ask_whether_there_is_one():
    assert coupons(stripe())
    assert len(coupons(stripe())) == 0


@pytest.mark.parametrize("wanted", [1, 2, 3, 10, 100, 950])
def test_neither_many_ids_nor_a_long_list_cost_many_requests(wanted):
    pages = 10
    for ids in (range(950, 950 - wanted, -1), range(1, wanted + 1)):
        client = stripe()
        found = coupons(client)
        for number in ids:
            assert found[f"th_{number}"]["created"] == number
        assert len(client.requests) <= 2 * min(wanted, pages) + 2


def test_all_variants_of_a_list_are_gone_through():
    """Prices that are not active stand in a list of their own."""
    old = [{**a_thing(number, created=number), "active": False} for number in range(1, 100)]
    client = stripe(old)
    found = LookupCache(client, PLANS["prices"])
    for number in range(1, 100):
        assert found[f"th_{number}"]["active"] is False
    asked = [path for path, _ in client.requests]
    assert asked.count("prices") == 2
    assert len(asked) <= 6


def test_two_threads_that_want_one_id_send_one_request():
    client, begun = stripe(), threading.Barrier(8)
    found = coupons(client)

    def look():
        begun.wait()
        assert found["th_5"]["created"] == 5

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(client.requests) == 1


def test_a_customer_without_a_discount_and_one_that_is_gone_have_none():
    client = FakeStripe(
        {"customers": [{"id": "cus_1", "discount": {"id": "di_1"}}, {"id": "cus_2"}]}
    )
    found = CustomerDiscounts(client, PLANS["customers"])
    assert [found[f"cus_{number}"] for number in (1, 2, 3)] == [{"id": "di_1"}, None, None]
    assert "cus_3" in found
