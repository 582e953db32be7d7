"""An event is taken for what it says of itself, whole or thin, and nothing else is believed."""

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from stripe_saas_service.hooks.event import DeliveredEvent, NoEvent, is_foreign, parsed
from unit_tests.stripe_saas_service.hooks.signing import a_thin_event, an_event, body_of

WHOLE = DeliveredEvent(
    id="evt_1",
    type="customer.updated",
    object_type="customer",
    object_id="cus_1",
    account_id=None,
    livemode=False,
    is_thin=False,
    created_at=datetime(2027, 1, 15, 7, 59, 55, tzinfo=timezone.utc),
)


def test_a_whole_event_names_its_object():
    assert parsed(body_of(an_event())) == WHOLE


def test_a_thin_event_names_the_same_by_a_reference():
    assert parsed(body_of(a_thin_event(context="acct_1"))) == replace(
        WHOLE,
        id="evt_2",
        account_id="acct_1",
        is_thin=True,
        created_at=datetime(2027, 1, 15, 8, tzinfo=timezone.utc),
    )


@pytest.mark.parametrize(
    ("fields", "account"),
    [
        ({"account": "acct_2"}, "acct_2"),
        ({"context": "acct_2"}, "acct_2"),
        ({"context": "org_1/acct_2"}, "acct_2"),
        ({"account": None, "context": None}, None),
    ],
    ids=["account", "context", "member of an organization", "own"],
)
def test_the_account_is_named_by_account_or_context(fields, account):
    assert parsed(body_of(an_event(**fields))).account_id == account


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b'"event"',
        b"{}",
        body_of(an_event(object="customer")),
        body_of(an_event(id=None)),
        body_of(an_event(id="")),
        body_of(an_event(id=7)),
        body_of(an_event(id="e" * 256)),
        body_of(an_event(id="evt\x00")),
        body_of(an_event(type=None)),
        body_of(an_event(account=["acct_1"])),
        b'{"object": "event", "type": "a", "id": "\\ud800"}',
    ],
    ids=range(15),
)
def test_anything_else_is_no_event(body):
    with pytest.raises(NoEvent):
        parsed(body)


@pytest.mark.parametrize(
    "fields",
    [{"data": None}, {"data": {"object": 5}}, {"created": "soon"}, {"created": 10**30}, {}],
    ids=["no data", "no object", "a word", "a huge number", "a whole one"],
)
def test_what_nothing_depends_on_may_be_of_any_shape(fields):
    assert parsed(body_of(an_event(**fields))).id == "evt_1"


@pytest.mark.parametrize(
    ("livemode", "account", "mode", "accounts", "foreign"),
    [
        (False, None, "test", {"acct_1"}, False),
        (True, None, "test", {"acct_1"}, True),
        (False, None, "live", {"acct_1"}, True),
        (None, None, "live", {"acct_1"}, False),
        (False, "acct_1", "test", {"acct_1"}, False),
        (False, "acct_2", "test", {"acct_1"}, True),
        (False, "acct_2", "test", None, False),
    ],
    ids=["own", "live", "test", "no mode", "named", "another", "all are read"],
)
def test_events_of_the_other_mode_or_of_another_account_are_foreign(
    livemode, account, mode, accounts, foreign
):
    event = replace(WHOLE, livemode=livemode, account_id=account)
    allowed = None if accounts is None else frozenset(accounts)
    assert is_foreign(event, mode=mode, accounts=allowed) is foreign
