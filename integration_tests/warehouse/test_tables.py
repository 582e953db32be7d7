"""Batches and states: what is in the tables at which moment."""

import json

import pytest

from source_stripe_saas.config import resources
from stripe_saas.warehouse.catalog import catalog_for_tables
from stripe_saas.warehouse.database import connected
from stripe_saas.warehouse.pyairbyte import load_pyairbyte
from stripe_saas.warehouse.target import Target

pytest.importorskip("airbyte", reason="PyAirbyte needs a Python below 3.13")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::FutureWarning")]


def catalog(*names):
    streams = [
        {
            "stream": {
                "name": name,
                "json_schema": resources.schema(name),
                "supported_sync_modes": ["full_refresh", "incremental"],
                "source_defined_primary_key": [["id"]],
            },
            "sync_mode": "incremental",
            "destination_sync_mode": "append_dedup",
        }
        for name in names
    ]
    return catalog_for_tables({"streams": streams})


def record(stream, key, **data):
    return {"stream": stream, "data": {"id": key, **data}, "emitted_at": 0}


def state(stream, second):
    descriptor = {"name": stream}
    return {
        "type": "STREAM",
        "stream": {"stream_descriptor": descriptor, "stream_state": {"updated": second}},
    }


@pytest.fixture
def opened(tmp_path):
    """Makes tables over one DuckDB file, as one sync after another does."""
    load_pyairbyte(tmp_path)
    from stripe_saas.warehouse.caches import cache_of
    from stripe_saas.warehouse.tables import Tables

    target = Target("duckdb", path=tmp_path / "w.duckdb")
    caches = []

    def make(*names):
        caches.append(cache_of(target, tmp_path))
        return Tables(caches[-1], catalog(*names), tmp_path)

    def rows(sql):
        for cache in caches:
            cache.close()
        with connected(target) as database:
            return database.rows(sql)

    yield make, rows
    for cache in caches:
        cache.close()


def states_of(tables):
    return {
        each["stream"]["stream_descriptor"]["name"]: each["stream"]["stream_state"]
        for each in json.loads(tables.states_before())
    }


def test_a_state_is_kept_with_the_rows_before_it_and_not_without(opened):
    make, rows = opened
    tables = make("customers", "charges")
    tables.take_record(record("customers", "cus_1", name="Ann"))
    tables.take_state(state("customers", 5))
    tables.take_record(record("charges", "ch_1", amount=5))
    tables.take_state(state("charges", 6))
    tables.end_stream("customers", is_complete=True)
    # The charges are not written yet: somebody pulls the plug.
    assert rows("select id, name from stripe_raw.customers") == [{"id": "cus_1", "name": "Ann"}]
    assert states_of(make("customers", "charges")) == {"customers": {"updated": 5}}


def test_rows_that_wait_too_long_are_written_when_another_stream_speaks(opened, monkeypatch):
    make, _ = opened
    tables = make("customers", "charges")
    from stripe_saas.warehouse import tables as module

    monkeypatch.setattr(module, "_SECONDS_BETWEEN_LOOKS", 0)
    tables.take_record(record("customers", "cus_1"))
    assert tables.written("customers") == 0
    monkeypatch.setattr(module, "_BATCH_SECONDS", 0)
    tables.take_record(record("charges", "ch_1"))
    assert tables.written("customers") == 1


def test_a_later_batch_writes_over_rows_of_the_same_key(opened):
    make, rows = opened
    for name in ("old", "new"):
        tables = make("customers")
        tables.take_record(record("customers", "cus_1", name=name))
        tables.take_record(record("customers", f"cus_{name}", name=name))
        tables.end()
    found = rows("select id, name from stripe_raw.customers order by id")
    assert [(row["id"], row["name"]) for row in found] == [
        ("cus_1", "new"),
        ("cus_new", "new"),
        ("cus_old", "old"),
    ]


def test_a_column_that_a_new_schema_brings_is_added(opened):
    make, rows = opened
    make("customers").end_stream("customers", is_complete=True)
    rows("select 1")
    tables = make("customers")
    rows_before = rows("select count(*) as n from stripe_raw.customers")
    assert rows_before == [{"n": 0}]
    rows("alter table stripe_raw.customers drop column name")
    tables = make("customers")
    tables.take_record(record("customers", "cus_1", name="Ann"))
    tables.end()
    assert rows("select name from stripe_raw.customers") == [{"name": "Ann"}]
