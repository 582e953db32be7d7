"""Stripe customers mapped to ids of one's own, and merged before movements are counted."""

from __future__ import annotations

import pytest

from integration_tests.warehouse.handmade import Handmade, life, seconds

pytestmark = pytest.mark.slow

CUSTOMERS = {
    # id: e-mail, metadata
    "cus_override": ("anna@acme.test", {"team": "team_meta"}),
    "cus_metadata": ("anna@acme.test", {"team": "team_meta"}),
    "cus_email": ("ANNA@acme.test ", {}),
    "cus_second": ("ben@acme.test", {"team": ""}),
    "cus_domain": ("nobody@acme.test", {}),
    "cus_free": ("nobody@gmail.com", {}),
    "cus_ambiguous": ("shared@other.test", {}),
    "cus_unknown": (None, {}),
}
USERS = [
    ("u1", "team_acme", "anna@acme.test", "acme.test"),
    ("u2", "team_acme", "ben@acme.test", None),
    ("u3", "team_gmail", "somebody@gmail.com", "gmail.com"),
    ("u4", "team_one", "shared@other.test", None),
    ("u5", "team_two", "shared@other.test", None),
]
EXPECTED = {
    "cus_override": ("team_hand", "override"),
    "cus_metadata": ("team_meta", "metadata"),
    "cus_email": ("team_acme", "email"),
    "cus_second": ("team_acme", "email"),
    "cus_domain": ("team_acme", "email_domain"),
    "cus_free": ("cus_free", "none"),
    "cus_ambiguous": ("cus_ambiguous", "none"),
    "cus_unknown": ("cus_unknown", "none"),
    # Its customer was deleted long ago; only its subscription tells of it.
    "cus_gone": ("cus_gone", "none"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    customers = [
        {"id": key, "email": email, "metadata": metadata, "created": seconds("2026-01-01")}
        for key, (email, metadata) in CUSTOMERS.items()
    ]
    rows = [
        # An upgrade by way of a second Stripe customer, months apart.
        *life("s1", "cus_email", ("2026-01-05", "activated", 1000), ("2026-03-10", "canceled", 0)),
        *life("s2", "cus_second", ("2026-02-05", "activated", 1500)),
        *life("s3", "cus_gone", ("2026-02-05", "activated", 700)),
        *life("s4", "cus_free", ("2026-02-05", "activated", 300)),
    ]
    made = Handmade(
        tmp_path_factory.mktemp("ids"),
        {"subscription_events": rows, "customers": customers},
        "2026-04-15",
    )
    users = ", ".join(str(user).replace("None", "null") for user in USERS)
    made.execute(
        "create table stripe_raw.users (user_id varchar, account_id varchar, email varchar, "
        "domain varchar)",
        f"insert into stripe_raw.users values {users}",
        "create table stripe_raw.by_hand (customer_id varchar, entity_id varchar)",
        "insert into stripe_raw.by_hand values ('cus_override', 'team_hand')",
    )
    result = made.build(
        identity_metadata_keys=["team"],
        own_entities_relation="stripe_raw.users",
        identity_overrides_relation="stripe_raw.by_hand",
        expected_mrr_minor={"usd": [3000, 4000]},
    )
    assert result.success, result.bad
    return made


def test_the_first_rule_that_finds_one_id_wins(built):
    rows = built.rows("select customer_id, client_id, matched_by from identity_map")
    assert {key: (client, rule) for key, client, rule in rows} == EXPECTED


def test_what_was_not_matched_is_listed_and_says_if_it_could_be_several(built):
    rows = built.rows("select customer_id, is_ambiguous, mrr_minor from identity_unmatched")
    assert sorted(rows) == [
        ("cus_ambiguous", True, None),
        ("cus_free", False, 300),
        ("cus_gone", False, 700),
        ("cus_unknown", False, None),
    ]


def test_stripe_customers_of_one_client_are_merged_before_movements(built):
    assert built.movements("team_acme") == [
        ("2026-01-05", "usd", "new", 1000),
        ("2026-02-05", "usd", "expansion", 1500),
        ("2026-03-10", "usd", "contraction", -1000),
    ]
    assert built.rows(
        "select stripe_customers, mrr_minor, subscriptions, lifecycle_stage, signup_path "
        "from customers where client_id = 'team_acme'"
    ) == [(3, 1500, 1, "customer", "paid")]


def test_mrr_outside_its_expected_range_is_told_and_does_not_stop_the_build(built):
    assert built.rows(
        "select scope, expected, found, difference from data_quality where not is_good"
    ) == [("usd", 3000, 2500, -500)]
