"""A platform's connected accounts: companies of their own, refusals, organization keys."""

import pytest

from stripe_sandbox.account import open_account
from unit_tests.stripe_sandbox.asking import RESTRICTED, Asker

ORGANIZATION = "sk_org_test_0123456789abcdef"
VERSION = {"stripe_version": "2026-05-27.dahlia"}


@pytest.fixture
def platform():
    return open_account(customers=2, months=1, connected=3)


def test_a_connected_account_has_customers_of_its_own(platform):
    ask = Asker(platform)
    added = ask.account.connections.connect(2)
    shown = [ask("/v1/customers", "limit=100", stripe_account=name).ids for name in added]
    assert all(2 <= len(ids) <= 10 for ids in shown)
    assert not set(shown[0]) & set(shown[1])
    assert not {*shown[0], *shown[1]} & set(ask("/v1/customers", "limit=100").ids)
    assert set(added) <= set(ask("/v1/accounts", "limit=100").ids)


def test_the_same_seed_gives_two_accounts_objects_with_the_same_ids(platform):
    ask = Asker(platform)
    one, other = platform.connections.connect(2, seeds=[5, 5])
    ids = ask("/v1/invoices", stripe_account=one).ids
    assert ids
    assert ask("/v1/invoices", stripe_account=other).ids == ids


def test_nothing_in_a_connected_account_is_older_than_the_account(platform):
    for identity in platform.connections.connect(4):
        account = platform.connections.account(identity)
        created = account.store.get("account", identity)["created"]
        oldest = min(row.created for table in account.store.rows.values() for row in table.values())
        assert oldest == created


def test_a_connected_account_has_the_platforms_clock_whenever_it_is_first_asked_for(platform):
    first, later = platform.connections.connect(2)
    platform.connections.account(first)
    platform.advance(86_400 * 3)
    assert platform.connections.account(first).store.now == platform.store.now
    assert platform.connections.account(later).store.now == platform.store.now


def test_an_account_revokes_its_access_after_so_many_requests(platform):
    ask = Asker(platform)
    [identity] = platform.connections.connect(1)
    platform.connections.requests_left[identity] = 2
    statuses = [ask("/v1/customers", stripe_account=identity).status for _ in range(4)]
    assert statuses == [200, 200, 403, 403]
    assert identity not in ask("/v1/accounts", "limit=100").ids


def test_a_refusing_account_stays_in_the_list(platform):
    ask = Asker(platform)
    [identity] = platform.connections.connect(1)
    platform.connections.is_refusing.add(identity)
    refused = ask("/v1/customers", stripe_account=identity)
    assert refused.status == 403
    assert refused.error["code"] == "account_invalid"
    assert identity in ask("/v1/accounts", "limit=100").ids


def test_an_organization_key_needs_a_context_and_a_version(platform):
    ask = Asker(platform)
    [identity] = platform.connections.connect(1)
    assert "Stripe-Context" in ask("/v1/customers", key=ORGANIZATION, **VERSION).error["message"]
    without = ask("/v1/customers", key=ORGANIZATION, stripe_context=identity)
    assert "Stripe-Version" in without.error["message"]
    shown = ask("/v1/customers", key=ORGANIZATION, stripe_context=identity, **VERSION)
    assert shown.ids == ask("/v1/customers", stripe_account=identity).ids
    path = f"{platform.account_id}/{identity}"
    assert ask("/v1/customers", key=ORGANIZATION, stripe_context=path, **VERSION).ids == shown.ids
    own = ask("/v1/customers", key=ORGANIZATION, stripe_context=platform.account_id, **VERSION)
    assert own.ids == ask("/v1/customers").ids


def test_a_restricted_keys_permissions_hold_in_connected_accounts(platform):
    ask = Asker(platform)
    [identity] = platform.connections.connect(1)
    ask.describe(RESTRICTED, permissions=frozenset({"connected_account_read", "customer_read"}))
    assert ask("/v1/customers", key=RESTRICTED, stripe_account=identity).status == 200
    refused = ask("/v1/invoices", key=RESTRICTED, stripe_account=identity)
    assert f"on account '{identity}'" in refused.error["message"]


def test_connected_accounts_of_a_live_platform_are_live():
    live = open_account(customers=2, months=1, connected=1, livemode=True)
    [identity] = [row for row in live.store.rows["account"] if row.startswith("acct_1C")]
    connected = live.connections.account(identity)
    assert {row["livemode"] for row in connected.store.contents("customer")} == {True}
