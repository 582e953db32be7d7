"""A first read of everything: each object once, fitting its schema, as a GET by id gives it."""

from collections import Counter

import pytest

from integration_tests.comparison import DERIVED, missing_and_extra, stale
from integration_tests.destination import Destination
from integration_tests.schemas import assert_fit


@pytest.fixture(scope="module")
def first_read(company):
    return company.connector.read()


@pytest.fixture(scope="module")
def samples_read(samples):
    return samples.connector.read()


def keys_of(world, run):
    tables = Destination(world.connector.streams).tables
    return {
        name: [tables[name].key_of(record) for record in records]
        for name, records in run.records.items()
        if name not in DERIVED
    }


def test_a_first_read_brings_every_object_of_every_stream_exactly_once(company, first_read):
    first_read.assert_complete()
    keys = keys_of(company, first_read)
    truth = company.truth.counts()
    assert {name: sorted(keys.get(name, [])) for name in truth} == {
        name: counted["ids"] for name, counted in truth.items()
    }
    assert truth.keys() == {stream["name"] for stream in company.connector.streams} - DERIVED


def test_every_record_of_a_company_fits_its_schema(first_read):
    assert_fit(first_read.records)


def test_every_record_of_a_company_is_what_a_get_by_id_gives(company, first_read):
    destination = Destination(company.connector.streams)
    destination.receive(first_read.messages)
    assert stale(destination, company.truth) == {}


def test_published_samples_pass_through_every_stream(samples, samples_read):
    samples_read.assert_complete()
    truth = samples.truth.counts()
    # Its records are of customers that a config names.
    empty = ["billing_meter_event_summaries"]
    assert [name for name, counted in truth.items() if not counted["ids"]] == empty
    assert {name: sorted(keys) for name, keys in keys_of(samples, samples_read).items()} == {
        name: counted["ids"] for name, counted in truth.items() if counted["ids"]
    }
    assert_fit(samples_read.records)


def test_published_samples_arrive_as_a_get_by_id_gives_them(samples, samples_read):
    destination = Destination(samples.connector.streams)
    destination.receive(samples_read.messages)
    assert stale(destination, samples.truth) == {}
    assert missing_and_extra(destination, samples.truth) == {}


def test_every_stream_ends_complete_after_its_last_state(first_read):
    ended, late = set(), []
    for message in first_read.messages:
        if message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
            status = message["trace"]["stream_status"]
            if status["status"] == "COMPLETE":
                ended.add(status["stream_descriptor"]["name"])
        elif message["type"] == "STATE":
            name = message["state"]["stream"]["stream_descriptor"]["name"]
            late += [name] if name in ended else []
    assert late == []
    assert ended == set(first_read.statuses)


def test_the_states_count_the_records(first_read):
    counted = Counter()
    for message in first_read.of_type("STATE"):
        name = message["state"]["stream"]["stream_descriptor"]["name"]
        counted[name] += message["state"]["sourceStats"]["recordCount"]
    records = {name: len(rows) for name, rows in first_read.records.items()}
    assert {name: count for name, count in counted.items() if count} == records
