"""A file of messages is what an append-dedup destination would hold of it."""

import json

import pytest

from source_stripe_saas.streams.plans import load_plans
from stripe_saas.verify.holdings import Held, HoldingsError
from stripe_saas.verify.message_file import MessageFile

PLANS = load_plans()


def record(stream, **data):
    return {"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": 0}}


def status(stream, said):
    named = {"stream_descriptor": {"name": stream}, "status": said}
    trace = {"type": "STREAM_STATUS", "emitted_at": 0, "stream_status": named}
    return {"type": "TRACE", "trace": trace}


def state(stream, blob):
    named = {"stream_descriptor": {"name": stream}, "stream_state": blob}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": named}}


@pytest.fixture
def held(tmp_path):
    opened = []

    def of(*messages, end="", **options):
        path = tmp_path / f"{len(opened)}.jsonl"
        path.write_text("".join(json.dumps(message) + "\n" for message in messages) + end)
        opened.append(MessageFile(path, PLANS, **options))
        return opened[-1]

    yield of
    for each in opened:
        each.close()


def test_the_largest_updated_wins_wherever_it_stands(held):
    file = held(
        record("charges", id="ch_1", created=1, updated=7, amount=2),
        record("charges", id="ch_1", created=1, updated=5, amount=1),
    )
    assert file.rows(PLANS["charges"], [("ch_1",)])[("ch_1",)]["amount"] == 2


def test_of_equals_the_later_line_wins(held):
    file = held(
        record("charges", id="ch_1", created=1, updated=5, amount=1),
        record("charges", id="ch_1", created=1, updated=5, amount=2),
    )
    assert file.rows(PLANS["charges"], [("ch_1",), ("ch_2",)]) == {
        ("ch_1",): {"id": "ch_1", "created": 1, "updated": 5, "amount": 2}
    }


def test_several_accounts_have_rows_and_states_of_their_own(held):
    parts = {"accounts": {"acct_1": {"updated": 7}, "acct_2": {"updated": 9}}}
    file = held(
        record("charges", account_id="acct_1", id="ch_1", created=1, updated=5, amount=1),
        record("charges", account_id="acct_2", id="ch_1", created=2, updated=4, amount=2),
        state("charges", parts),
        by_account=True,
    )
    second = file.of_account("acct_2")
    assert second.index(PLANS["charges"]) == {("ch_1",): Held(2, None, False)}
    assert second.rows(PLANS["charges"], [("ch_1",)]) == {
        ("ch_1",): {"id": "ch_1", "created": 2, "updated": 4, "amount": 2}
    }
    assert second.states == {"charges": {"updated": 9}}
    assert file.of_account("acct_3").index(PLANS["charges"]) == {}
    assert file.of_account("acct_3").streams == ("charges",)


def test_of_a_stream_that_is_read_whole_only_the_accounts_read_to_the_end_are_replaced(held):
    def rates(account, currency):
        return record("exchange_rates", account_id=account, id=currency)

    lacking = {"type": "stripe-saas-stream-lacks-accounts", "value": "exchange_rates acct_2"}
    file = held(
        status("exchange_rates", "STARTED"),
        rates("acct_1", "usd"),
        rates("acct_2", "usd"),
        status("exchange_rates", "COMPLETE"),
        status("exchange_rates", "STARTED"),
        rates("acct_1", "eur"),
        rates("acct_2", "eur"),
        {"type": "TRACE", "trace": {"type": "ANALYTICS", "emitted_at": 0, "analytics": lacking}},
        status("exchange_rates", "INCOMPLETE"),
        by_account=True,
    )
    plan = PLANS["exchange_rates"]
    assert list(file.of_account("acct_1").index(plan)) == [("eur",)]
    assert list(file.of_account("acct_2").index(plan)) == [("usd",)]


def test_the_index_tells_when_whose_and_whether_it_is_gone(held):
    file = held(
        record("invoice_line_items", id="il_1", invoice="in_1", updated=5, is_deleted=False),
        record("customers", id="cus_1", created=3, updated=5, is_deleted=True),
        record("payout_balance_transactions", id="txn_1", payout="po_1", created=4, updated=5),
    )
    assert file.index(PLANS["invoice_line_items"]) == {("il_1",): Held(None, "in_1", False)}
    assert file.index(PLANS["customers"]) == {("cus_1",): Held(3, None, True)}
    assert list(file.index(PLANS["payout_balance_transactions"])) == [("po_1", "txn_1")]


def test_a_stream_read_in_full_takes_the_place_of_what_was_there_once_it_is_complete(held):
    old, new = record("shipping_rates", id="shr_1"), record("shipping_rates", id="shr_2")
    begun, done = status("shipping_rates", "STARTED"), status("shipping_rates", "COMPLETE")
    whole = held(begun, old, done, begun, new, done)
    assert list(whole.index(PLANS["shipping_rates"])) == [("shr_2",)]
    half = held(begun, old, done, begun, new)
    assert list(half.index(PLANS["shipping_rates"])) == [("shr_1",)]


def test_streams_without_a_record_are_held_all_the_same(held):
    file = held(status("refunds", "STARTED"), state("payouts", {"updated": 9}))
    assert file.streams == ("refunds", "payouts")
    assert file.states == {"payouts": {"updated": 9}}


def test_the_last_state_counts(held):
    assert held(state("payouts", {"updated": 8}), state("payouts", {"updated": 9})).states == {
        "payouts": {"updated": 9}
    }


def test_what_is_no_stream_of_ours_is_passed_over(held):
    file = held(record("somebody_elses", id=1), {"type": "LOG", "log": {"message": "x"}})
    assert file.streams == ()


def test_what_the_connector_works_out_itself_is_passed_over(held):
    file = held(record("subscription_events", event_id="x", derived_at="2026-02-11T22:50:21Z"))
    assert file.streams == ()


def test_a_last_line_that_was_cut_off_is_left_out(held):
    file = held(record("charges", id="ch_1", created=1, updated=5), end='{"type": "REC')
    assert len(file.index(PLANS["charges"])) == 1


@pytest.mark.parametrize("updated", [None, "soon", []], ids=repr)
def test_a_record_without_its_cursor_is_named(held, updated):
    with pytest.raises(HoldingsError, match="line 2 is not a valid message"):
        held(
            record("charges", id="ch_1", created=1, updated=5),
            record("charges", id="ch_2", created=1, updated=updated),
        )


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(HoldingsError, match=r"none\.jsonl: No such file"):
        MessageFile(tmp_path / "none.jsonl", PLANS)
