"""Streams share lists, fetches and one pass over the events; none may notice that it does."""

import pytest

from integration_tests.world import a_world
from source_stripe_saas.streams.plans import load_plans

PLANS = load_plans()
EMBEDDED = {plan.name: plan.parent.name for plan in PLANS.values() if plan.parent and plan.embedded}
SHARING = sorted({*EMBEDDED, *EMBEDDED.values(), "charges", "refunds", "invoice_items"})
"""Parents whose objects hold their children, those children, and some that share just the feed."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("together"), "samples") as world:
        yield world


def in_order(records):
    return sorted(records, key=lambda record: (record["id"], str(record.get("customer"))))


def compare(connector, states):
    """Reads streams at once and one by one; gives the states that the first read ended with."""
    together = connector.read(list(states.values()), SHARING)
    together.assert_complete()
    for name in SHARING:
        alone = connector.read([states[name]] if name in states else [], [name])
        alone.assert_complete()
        expected = in_order(alone.records.get(name, []))
        assert in_order(together.records.get(name, [])) == expected, name
        assert together.states[name] == alone.states[name], name
    return {
        name: {
            "type": "STREAM",
            "stream": {"stream_descriptor": {"name": name}, "stream_state": blob},
        }
        for name, blob in together.states.items()
    }


@pytest.mark.slow
def test_streams_read_at_once_bring_what_each_brings_alone(world):
    states = compare(world.connector, {})
    world.advance(7)
    compare(world.connector, states)
