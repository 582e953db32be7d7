"""The state of a stream in several accounts."""

import pytest

from source_stripe_saas.streams.account_states import is_unfinished, read_account_states
from source_stripe_saas.streams.position import Position, read_position

BLOB = {"accounts": {"acct_1": {"updated": 5}, "acct_2": {"backfill": {"began": 7, "done": {}}}}}


def test_a_state_comes_back_as_it_was():
    assert read_account_states(BLOB).blob() == BLOB
    with_gone = {**BLOB, "gone": ["acct_2"]}
    assert read_account_states(with_gone).blob() == with_gone


@pytest.mark.parametrize(
    ("blob", "is_of_one"),
    [
        ({}, False),
        ({"__ab_no_cursor_state_message": True}, False),
        ({"updated": 5}, True),
        ({"horizon": 1, "options": "x"}, True),
    ],
    ids=["none", "no cursor", "one account", "one ledger"],
)
def test_a_state_of_one_account_is_of_no_use(blob, is_of_one):
    states = read_account_states(blob)
    assert states.parts == {}
    assert states.is_of_one_account == is_of_one


def test_a_state_of_several_accounts_is_of_no_use_to_one():
    assert read_position(BLOB) == (Position(), "its state is of a sync of several accounts")


def test_an_account_that_is_gone_is_new_once_and_keeps_its_state():
    states = read_account_states(BLOB)
    assert states.newly_gone({"acct_1"}) == ["acct_2"]
    assert states.newly_gone({"acct_1"}) == []
    assert read_account_states(states.blob()).newly_gone({"acct_1"}) == []
    assert states.blob()["accounts"] == BLOB["accounts"]
    assert states.newly_gone({"acct_1", "acct_2"}) == []
    assert states.blob() == BLOB, "it is back"


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"updated": 5}, False),
        ({"backfill": {"began": 7, "done": {}}}, True),
        ({"horizon": 1, "options": "x", "rules": "v2"}, True),
        ({"horizon": 1, "options": "x", "through": 5, "ledgers": "", "written": 3}, True),
        ({"horizon": 1, "options": "x", "through": 5, "ledgers": ""}, False),
    ],
    ids=["followed", "first read", "ledger begun", "ledger under way", "ledger followed"],
)
def test_an_account_whose_first_read_has_not_ended_is_unfinished(part, expected):
    assert is_unfinished(part) == expected
