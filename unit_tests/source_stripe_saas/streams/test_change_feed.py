"""Whole histories: whatever changes, a warehouse that loads every sync ends up with the truth."""

import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from source_stripe_saas.streams.plan import Touch
from unit_tests.builders import a_plan
from unit_tests.syncs import Warehouse, run_sync, run_syncs, small_pages
from unit_tests.world import World, actions

quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)

THINGS = {
    "events alone": a_plan(),
    "expanded, so that no payload serves": a_plan(expand=("parts.data.x",)),
    "with a look-back": a_plan(lookback_days=1),
    "listed again on every sync": a_plan(reread=((),)),
    "without a created filter": a_plan(created_filter=False),
    "in two variants": a_plan(variants=((("object", "thing"),), (("object", "none"),))),
}
TOUCHED = Touch("thing", ("other.updated",))
PARTS = a_plan(
    name="parts",
    object="part",
    parent=a_plan(),
    embedded="parts",
    adds=(("thing", "id"),),
    events=(),
    deletion_events=(),
    parent_touched_by=(Touch("id", ("thing.created", "thing.updated", "thing.deleted")),),
)


def sync_through(plan, history, seed, page_size, *, deleted_stay, kills):
    """Lets a history happen in and between syncs; gives the warehouse and the world."""
    rng = random.Random(seed)
    world = World(rng=rng, deleted_stay=deleted_stay)
    warehouse, state, records = Warehouse(plan), None, []

    def sync(stop_after=None):
        nonlocal state
        done = run_sync(
            plan,
            world,
            state,
            now=world.clock,
            choose=lambda possibilities: rng.randrange(possibilities),
            stop_after=stop_after,
        )
        warehouse.load(done)
        records.extend(done.records)
        state = done.state
        return done

    history = list(history)
    with small_pages(page_size):
        while history:
            between, during = rng.randrange(6), rng.randrange(4)
            for action in history[:between]:
                world.act(action)
            world.to_come.extend(history[between : between + during])
            history = history[between + during :]
            sync(rng.randrange(6) if rng.random() < kills else None)
            while world.to_come:
                world.act(world.to_come.popleft())
        world.clock += 200
        # Only a sync that no one kills must end; the one before may have been a backfill.
        assert sync().is_complete
        world.clock += 200
        assert sync().is_complete
    return warehouse, world, records


@pytest.mark.parametrize("kind", THINGS)
@quick
@given(
    history=actions("create", "update", "update", "delete", "touch"),
    seed=st.integers(0, 2**32),
    page_size=st.integers(1, 4),
    deleted_stay=st.booleans(),
    kills=st.sampled_from([0, 0.4]),
)
def test_the_warehouse_ends_with_what_stripe_has(
    kind, history, seed, page_size, deleted_stay, kills
):
    plan = replace(THINGS[kind], touched_by=(TOUCHED,))
    warehouse, world, records = sync_through(
        plan, history, seed, page_size, deleted_stay=deleted_stay, kills=kills
    )
    truth = {(row["id"],): row["content"] for row in world.lists["things"]}
    assert {key: row["content"] for key, row in warehouse.live().items()} == truth
    for record in records:
        assert isinstance(record.get("content", 0), int), "an old shape leaked"


@quick
@given(
    history=actions("create", "add", "add", "drop", "delete"),
    seed=st.integers(0, 2**32),
    page_size=st.integers(1, 4),
    expands=st.booleans(),
    kills=st.sampled_from([0, 0.4]),
)
def test_children_that_left_their_parent_leave_the_warehouse(
    history, seed, page_size, expands, kills
):
    plan = replace(PARTS, expand=("parts.data.x",)) if expands else PARTS
    warehouse, world, _ = sync_through(
        plan, history, seed, page_size, deleted_stay=False, kills=kills
    )
    truth = {
        (part["id"],): row["id"] for row in world.lists["things"] for part in row["parts"]["data"]
    }
    assert {key: row["thing"] for key, row in warehouse.live().items()} == truth


def family(expands):
    """A parent and the children in its objects, as subscriptions and their items are."""
    parent = a_plan()
    parts = replace(PARTS, parent=parent, expand=("parts.data.x",) if expands else ())
    return parent, parts


@quick
@given(
    history=actions("create", "update", "add", "add", "drop", "delete"),
    seed=st.integers(0, 2**32),
    page_size=st.integers(1, 4),
    expands=st.booleans(),
    kills=st.sampled_from([0, 0.4]),
    loses=st.booleans(),
)
def test_a_family_read_at_once_ends_with_what_stripe_has(
    history, seed, page_size, expands, kills, loses
):
    rng = random.Random(seed)
    plans = family(expands)
    world = World(rng=rng)
    houses = {plan.name: Warehouse(plan) for plan in plans}
    states = {}

    def sync(stop_after=None):
        done = run_syncs(
            plans,
            world,
            states,
            now=world.clock,
            choose=lambda possibilities: rng.randrange(possibilities),
            stop_after=stop_after,
            dying=lambda _batch: stop_after is not None and loses and rng.random() < 0.2,
        )
        for name, one in done.items():
            houses[name].load(one)
            states[name] = one.state
        return all(one.is_complete for one in done.values())

    history = list(history)
    with small_pages(page_size):
        while history:
            between, during = rng.randrange(6), rng.randrange(4)
            for action in history[:between]:
                world.act(action)
            world.to_come.extend(history[between : between + during])
            history = history[between + during :]
            sync(rng.randrange(8) if rng.random() < kills else None)
            while world.to_come:
                world.act(world.to_come.popleft())
        for _ in range(2):
            world.clock += 200
            assert sync()
    things = {(row["id"],): row["content"] for row in world.lists["things"]}
    assert {key: row["content"] for key, row in houses["things"].live().items()} == things
    parts = {
        (part["id"],): row["id"] for row in world.lists["things"] for part in row["parts"]["data"]
    }
    assert {key: row["thing"] for key, row in houses["parts"].live().items()} == parts
