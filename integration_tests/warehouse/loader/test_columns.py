"""Columns, tables and values that are not as the streams' schemas have them."""

import json

import pytest

from integration_tests.warehouse.loader.one_sync import names_in
from stripe_saas.warehouse.catalog import WANTED

pytestmark = pytest.mark.slow


def filled_once(begin):
    sync = begin("customers")
    sync.record("customers", "cus_1", name="Ann")
    sync.state("customers", 5)
    sync.complete("customers")


def test_a_column_that_was_dropped_is_noticed_and_read_again(begin, database):
    filled_once(begin)
    database.execute("alter table stripe_raw.customers drop column name")
    sync = begin("customers")
    assert sync.loader.remarks == [
        "customers: its column name was gone, so that everything is read again."
    ]
    assert sync.states == {}
    sync.record("customers", "cus_1", name="Ann")
    sync.complete("customers")
    assert names_in(database) == {"cus_1": "Ann"}


def test_a_column_that_is_new_is_said_to_be(begin, database):
    filled_once(begin)
    database.execute("alter table stripe_raw.customers drop column name")
    database.execute(
        "update stripe_raw._stripe_saas_streams set column_names = replace(column_names, "
        "'\"name\", ', '')"
    )
    sync = begin("customers")
    assert sync.loader.remarks == [
        "customers: its table has the new name, so that everything is read again."
    ]
    assert begin("customers").loader.remarks == []


def test_a_table_that_was_dropped_is_noticed_and_read_again(begin, database):
    filled_once(begin)
    database.execute("drop table stripe_raw.customers")
    sync = begin("customers")
    assert sync.loader.remarks == [
        "customers: its table was gone, so that everything is read again."
    ]
    assert sync.states == {}


def test_a_value_that_does_not_fit_costs_no_other(begin, database):
    sync = begin("charges")
    sync.record("charges", "ch_1", amount="much", currency="eur")
    sync.record("charges", "ch_2", amount=2**63)
    sync.record("charges", "ch_3", amount=12.5)
    sync.record("charges", "ch_4", amount=5)
    sync.loader.take_record("charges", b'{"amount": 5}', 0)
    sync.state("charges", 5)
    sync.complete("charges")
    assert database.select("select id, amount from stripe_raw.charges order by id") == [
        ("ch_1", None),
        ("ch_2", None),
        ("ch_3", None),
        ("ch_4", 5),
    ]
    rejects = "select record_key, column_name, value, reason from stripe_raw._stripe_saas_rejects"
    assert database.select(f"{rejects} order by record_key") == [
        ("", "id", '{"amount":5}', "a record without id"),
        ("ch_1", "amount", '"much"', "text in a column of integers"),
        ("ch_2", "amount", "9223372036854775808", "an integer beyond 64 bits"),
        ("ch_3", "amount", "12.5", "a number with a fraction in a column of integers"),
    ]
    assert (sync.loader.written("charges"), sync.loader.rejected("charges")) == (4, 4)
    [(meta,)] = database.select("select _airbyte_meta from stripe_raw.charges where id = 'ch_3'")
    meta = json.loads(meta) if isinstance(meta, str) else meta
    assert [change["field"] for change in meta["changes"]] == ["amount"]

    # What comes right is no longer kept apart, and what is gone neither.
    sync = begin("charges")
    sync.record("charges", "ch_1", amount=7)
    sync.complete("charges")
    assert len(database.select(rejects)) == 3
    sync = begin("charges", is_full=True)
    sync.record("charges", "ch_1", amount=7)
    sync.complete("charges")
    assert database.select(rejects) == []


def test_a_column_of_another_type_keeps_what_it_can_hold(begin, database):
    begin("charges").complete("charges")
    database.execute("alter table stripe_raw.charges drop column amount")
    database.execute("alter table stripe_raw.charges add column amount varchar")
    sync = begin("charges")
    sync.record("charges", "ch_1", amount=5)
    sync.record("charges", "ch_2", amount={"value": 5})
    sync.complete("charges")
    assert database.select("select id, amount from stripe_raw.charges order by id") == [
        ("ch_1", "5"),
        ("ch_2", None),
    ]
    assert sync.loader.rejected("charges") == 1


def test_values_arrive_as_stripe_shows_them(begin, database):
    sync = begin("charges")
    text = 'tab\there "quoted" \\ back\nline, \u20ac \N{GRINNING FACE} \x01\x02'
    nested = {"n": 1.5, "list": [1, None, "\x02"], "text": text}
    sync.record(
        "charges", "ch_1", description=text, metadata=nested, amount=2**63 - 1, paid=True, new=1
    )
    sync.loader.take_record("charges", b'{"id":"ch_2","amount":1e2,"metadata":null}', 0)
    sync.loader.take_record("charges", b'{"id":"ch_3","metadata":{"n":1e400}}', 0)
    sync.complete("charges")
    [row, other, _] = database.rows("select * from stripe_raw.charges order by id")
    assert (row["description"], row["amount"], row["paid"]) == (text, 2**63 - 1, True)
    plain = {
        name: json.loads(row[name]) if isinstance(row[name], str) else row[name]
        for name in ("metadata", "_stripe_extra")
    }
    assert plain == {"metadata": nested, "_stripe_extra": {"new": 1}}
    assert str(row["_airbyte_extracted_at"]) == "1970-01-01 00:00:01"
    assert (other["amount"], other["metadata"]) == (100, None)


def test_fields_beyond_the_specification_are_kept_in_every_table_of_a_usual_sync(begin, database):
    # The ledger's rows are the connector's own.
    streams = [name for name in WANTED if name != "subscription_events"]
    sync = begin(*streams)
    beyond = {"quantity_of_tomorrow": 3, "source_of_tomorrow": {"id": "card_1", "brand": None}}
    for stream in streams:
        sync.record(stream, f"{stream}_1", **beyond)
        sync.record(stream, f"{stream}_2")
    sync.complete(*streams)
    for stream in streams:
        rows = database.select(f"select id, _stripe_extra from stripe_raw.{stream} order by id")
        kept = [json.loads(row[1]) if isinstance(row[1], str) else row[1] for row in rows]
        assert kept == [beyond, None], stream
    assert len(streams) >= 20
