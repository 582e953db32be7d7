"""However it is read, the ledger is the same: one worker, the CDK's way, beside other streams."""

import json

import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.test import entrypoint_wrapper

from integration_tests.ledger_stream.connection import STREAM, Connection
from integration_tests.world import a_world
from source_stripe_saas.source import SourceStripeSaas
from stripe_sandbox.server.keys import Key

DENIED = "rk_test_withoutinvoices"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    keys = (Key(DENIED, denied=frozenset({"invoice_read"})),)
    folder = tmp_path_factory.mktemp("ways")
    with a_world(folder, seed=4, customers=40, months=8, serving={"keys": keys}) as found:
        yield found


@pytest.fixture(scope="module")
def plain(world):
    connection = Connection(world)
    connection.sync()
    return connection


def test_one_worker_gives_the_same_rows(world, plain, monkeypatch):
    monkeypatch.setitem(world.connector.config, "num_workers", 1)
    alone = Connection(world)
    alone.sync()
    assert alone.as_text() == plain.as_text()


def test_the_cdks_own_entry_point_gives_the_same_rows(world, plain):
    catalog = ConfiguredAirbyteCatalogSerializer.load(world.connector.catalog([STREAM]))
    source = SourceStripeSaas(catalog, world.connector.config, None)
    output = entrypoint_wrapper.read(source, world.connector.config, catalog)
    rows = [message.record.data for message in output.records]
    rows.sort(key=lambda row: (row["subscription_id"], row["sequence"]))
    # Its lines leave out what is null.
    assert list(map(without_nulls, rows)) == [
        without_nulls(json.loads(text)) for text in plain.as_text()
    ]


def test_beside_the_streams_of_its_lists_it_asks_for_hardly_more(world, plain):
    names = ("customers", "subscriptions", "invoices", "invoice_items", "prices", "coupons")
    without = requests_of(world.connector.read((), names))
    together = Connection(world)
    run = together.sync((*names, STREAM))
    assert together.as_text() == plain.as_text()
    events_and_canceled = 20
    assert requests_of(run) <= without + events_and_canceled


def test_a_start_date_does_not_cut_its_history_short(world, plain, monkeypatch):
    monkeypatch.setitem(world.connector.config, "start_date", "2026-04-01T00:00:00Z")
    late = Connection(world)
    late.sync(("subscriptions", "invoices", STREAM))
    assert late.as_text() == plain.as_text()


def test_a_key_that_may_not_read_invoices_leaves_it_incomplete_and_says_why(world, monkeypatch):
    monkeypatch.setitem(world.connector.config, "client_secret", DENIED)
    denied = Connection(world)
    run = denied.sync_unchecked(("customers", STREAM))
    assert run.code == 1
    assert run.statuses == {"customers": "COMPLETE", STREAM: "INCOMPLETE"}
    [error] = run.errors
    assert error["stream_descriptor"]["name"] == STREAM
    assert "Tick Invoices: Read (`rak_invoice_read`)" in error["message"]
    assert denied.rows == []


def without_nulls(row):
    """A row's columns that hold something."""
    return {name: value for name, value in row.items() if value is not None}


def requests_of(run):
    """How many requests a sync sent, by its own last words."""
    words = run.logs[-1]["message"].split(" requests,")[0].split()
    return int(words[-1])
