"""The config field `accounts`: the plain ways to write it, and the form's."""

import pytest
from jsonschema import Draft7Validator

from source_stripe_saas.config import resources
from source_stripe_saas.config.accounts import AccountChoice, read_accounts
from source_stripe_saas.config.settings import ConfigError, parse_settings

KEY = "rk_test_51Secret"
SCHEMA = resources.spec()["connectionSpecification"]["properties"]["accounts"]
TWO = AccountChoice(("acct_1", "acct_2"))

WAYS = {
    "text this": ("this", None),
    "text all": ("all_connected", AccountChoice()),
    "list": (["acct_1", " acct_2 ", "acct_1"], TWO),
    "form this": ({"read": "this"}, None),
    "form all": ({"read": "all_connected"}, AccountChoice()),
    "form named": ({"read": "named", "ids": ["acct_1", "acct_2"]}, TWO),
}
MEMBERS = AccountChoice(("acct_1", "acct_1/acct_2"), is_organization=True)


@pytest.mark.parametrize(("value", "choice"), WAYS.values(), ids=WAYS)
def test_every_way_to_write_it_has_the_same_meaning_and_a_form(value, choice):
    form, found = read_accounts(value)
    assert found == choice
    assert not list(Draft7Validator(SCHEMA).iter_errors(form))
    assert parse_settings({"client_secret": KEY, "accounts": value}).accounts == choice


@pytest.mark.parametrize("way", ["plain", "form"])
def test_members_of_an_organization_need_its_key(way):
    ids = ["acct_1", "acct_1/acct_2"]
    value = {"organization": ids} if way == "plain" else {"read": "organization", "ids": ids}
    settings = parse_settings({"client_secret": "sk_org_test_1", "accounts": value})
    assert settings.accounts == MEMBERS
    assert parse_settings({"client_secret": "sk_org_test_1", "accounts": ids}).accounts.ids == (
        "acct_1",
        "acct_1/acct_2",
    )


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (
            {"accounts": "all_connected", "account_id": "acct_1"},
            "cannot be combined with `account_id`: leave one empty.",
        ),
        (
            {"accounts": "all_connected", "client_secret": "sk_org_test_1"},
            "must name the accounts: no list shows which an organization key (sk_org_…) opens.",
        ),
    ],
    ids=["with account_id", "all of an organization"],
)
def test_what_cannot_be_combined_is_refused_by_the_fields_name(config, said):
    with pytest.raises(ConfigError) as raised:
        parse_settings({"client_secret": KEY, **config})
    assert str(raised.value) == f"Config field `accounts` {said}"


def test_this_may_stand_beside_an_account_id():
    config = {"client_secret": KEY, "accounts": "this", "account_id": "acct_1"}
    assert parse_settings(config).accounts is None
    assert parse_settings({"client_secret": KEY}).accounts is None
