"""The manifest run by the CDK alone, and by the engine: the same objects, and known differences."""

import pytest

from integration_tests.stock_runtime.reading import last_states, read_by_stock
from integration_tests.world import a_world
from source_stripe_saas.streams.plans import load_plans
from tools.runtime_differences import differing_fields, is_followed_by_stock

PLANS = load_plans()
LISTED = [name for name, plan in PLANS.items() if not plan.derived]


class TwoReads:
    """One account, read by both."""

    def __init__(self, world):
        connector = world.connector
        catalog = connector.catalog(LISTED)
        self.since = world.truth.now
        self.stock = read_by_stock(connector, catalog)
        self.engine = connector.read(names=LISTED)
        world.advance(7)
        self.changed = [name for name in LISTED if is_followed_by_stock(PLANS[name])]
        self.later = read_by_stock(
            connector,
            {
                "streams": [
                    {**each, "sync_mode": "incremental"}
                    for each in connector.catalog(self.changed)["streams"]
                ]
            },
            last_states(self.stock),
        )
        self.events = world.truth.events_since(self.since)


@pytest.fixture(scope="module", params=["company", "samples"])
def reads(request, tmp_path_factory):
    with a_world(tmp_path_factory.mktemp(request.param), request.param, seed=5) as world:
        yield TwoReads(world)


def keyed(records, name):
    key = PLANS[name].primary_key
    return {tuple(record[part] for part in key): record for record in records.get(name, ())}


def present(record):
    """A record without what the CDK leaves out: fields that are null."""
    return {field: value for field, value in record.items() if value is not None}


def test_the_cdk_reads_every_stream_that_lists_to_its_end(reads):
    reads.stock.assert_complete()
    reads.engine.assert_complete()
    assert set(reads.stock.statuses) == set(LISTED)


def test_both_bring_the_same_objects(reads):
    stock, engine = reads.stock.records, reads.engine.records
    ids = {name: (set(keyed(stock, name)), set(keyed(engine, name))) for name in LISTED}
    assert {name: both for name, both in ids.items() if both[0] != both[1]} == {}
    assert sum(len(one) for one, _ in ids.values()) > 500


def test_their_contents_differ_in_the_named_fields_alone(reads):
    stock, engine = reads.stock.records, reads.engine.records
    unexpected = {}
    for name in LISTED:
        mine = keyed(engine, name)
        found = set()
        for key, record in keyed(stock, name).items():
            theirs, ours = present(record), present(mine[key])
            found |= {f for f in theirs.keys() | ours.keys() if theirs.get(f) != ours.get(f)}
        if extra := found - {"is_deleted"} - differing_fields(PLANS[name]):
            unexpected[name] = extra
    assert unexpected == {}


def test_a_later_read_by_the_cdk_brings_the_object_of_every_event(reads):
    assert reads.later.code == 0, reads.later.errors
    for name in reads.changed:
        plan = PLANS[name]
        named = {
            event["data"]["object"]["id"]
            for event in reads.events
            if event["type"] in plan.events and event["data"]["object"]["object"] == plan.object
        }
        got = {record["id"] for record in reads.later.records.get(name, ())}
        assert named <= got, name
    assert sum(map(len, reads.later.records.values())) > 20
