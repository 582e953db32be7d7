"""The link to Stripe's form has exactly the permissions that the chosen streams need."""

from urllib.parse import parse_qs, urlsplit

import pytest

from source_stripe_saas.config import resources
from source_stripe_saas.connection.key_link import key_link, permissions_of
from source_stripe_saas.connection.permissions import LABELS
from source_stripe_saas.ledger.scan_lists import LISTS
from source_stripe_saas.streams.manifest_entries import entries_of
from unit_tests.builders import PLANS


@pytest.mark.parametrize(
    ("names", "needed"),
    [
        (["account"], {"connected_account_read"}),
        (["customers"], {"customer_read", "event_read"}),
        # no event means a change of a rate, so the feed is not read
        (["exchange_rates"], {"exchange_rate_read"}),
        (["invoice_line_items"], {"invoice_read", "event_read"}),
        (["invoice_items"], {"invoice_read", "invoice_item_read", "event_read"}),
        # where the list of payment methods is refused, customers are asked one by one
        (["payment_methods"], {"payment_method_read", "customer_read", "event_read"}),
        (
            ["subscription_events"],
            {
                "subscription_read",
                "invoice_read",
                "invoice_item_read",
                "customer_read",
                "plan_read",
                "coupon_read",
                "event_read",
            },
        ),
        (["payouts", "quotes"], {"payout_read", "quote_read", "event_read"}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_streams_need_their_own_permission_and_those_of_what_they_are_made_of(names, needed):
    assert set(permissions_of(PLANS, names)) == needed


def test_all_streams_need_what_the_manifest_names_and_nothing_else():
    in_manifest = {
        entry["retriever"]["permission"] for entry in entries_of(resources.manifest())
    } | {"invoice_item_read"}
    assert set(permissions_of(PLANS, PLANS)) == in_manifest == set(LABELS)


@pytest.mark.parametrize("name", PLANS)
def test_one_stream_alone_never_lacks_the_permission_of_its_entry(name):
    (entry,) = (one for one in entries_of(resources.manifest()) if one["name"] == name)
    plan = PLANS[name]
    assert entry["retriever"]["permission"] in permissions_of(PLANS, [name])
    assert ("event_read" in permissions_of(PLANS, [name])) == (
        bool(plan.feed_types) or name == "events"
    )


def test_the_ledger_reads_the_lists_that_the_manifest_names():
    assert PLANS["subscription_events"].derived_from == LISTS
    assert [plan.name for plan in PLANS.values() if plan.derived] == ["subscription_events"]


def test_the_link_ticks_each_permission_once_and_names_the_key():
    link = key_link(["customer_read", "event_read"], "Acme & Söhne")
    assert link == (
        "https://dashboard.stripe.com/apikeys/create?name=Acme%20%26%20S%C3%B6hne"
        "&permissions[]=rak_customer_read&permissions[]=rak_event_read"
    )
    assert parse_qs(urlsplit(link).query) == {
        "name": ["Acme & Söhne"],
        "permissions[]": ["rak_customer_read", "rak_event_read"],
    }
