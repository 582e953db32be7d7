"""What customers used of meters, by day: asked for about those that a config names."""

import pytest

from integration_tests.stock_runtime.reading import read_by_stock
from integration_tests.world import a_world
from stripe_sandbox.samples.maker import Maker
from stripe_sandbox.server.meter_usage import summaries

STREAM = "billing_meter_event_summaries"
DAY = 86_400


@pytest.fixture
def world(tmp_path):
    with a_world(tmp_path, "samples", seed=4) as world:
        yield world


def name(world, customers):
    world.connector.config["meter_customers"] = customers


def used(world, customers):
    """(meter, customer, day) -> what the sandbox says was used, until the last whole day."""
    store = world.account.store
    end = store.now // DAY * DAY
    return {
        (meter, customer, one["start_time"]): one["aggregated_value"]
        for meter in store.rows["billing.meter"]
        for customer in customers
        for one in summaries(
            store,
            meter,
            {
                "customer": customer,
                "start_time": 0,
                "end_time": end,
                "value_grouping_window": "day",
            },
        )
    }


def read(run):
    return {
        (record["meter"], record["customer"], record["start_time"]): record["aggregated_value"]
        for record in run.records.get(STREAM, ())
    }


def some_customers(world, number=4):
    # Test clocks hide some, and whoever came first has the most days.
    rows = [row.content for row in world.account.store.rows["customer"].values()]
    return [row["id"] for row in rows if row.get("test_clock") is None][:number]


def test_the_days_of_the_customers_that_are_named_and_of_nobody_else(world):
    customers = some_customers(world)
    name(world, customers[:2])
    run = world.connector.read(names=[STREAM])
    run.assert_complete()
    assert read(run) == used(world, customers[:2])
    assert len(read(run)) > 500, "more than a page for some"


def test_both_runtimes_bring_the_same(world):
    customers = some_customers(world)
    name(world, customers)
    world.connector.config["start_date"] = "2026-01-01T07:30:00Z"
    catalog = world.connector.catalog([STREAM])
    stock, engine = read_by_stock(world.connector, catalog), world.connector.read(names=[STREAM])
    stock.assert_complete()
    # The sandbox's clock stands on an earlier day than that of the CDK, which takes this machine's.
    today = world.account.store.now // DAY * DAY
    assert {key: value for key, value in read(stock).items() if key[2] < today} == read(engine)
    first = min(start for _, _, start in read(engine))
    assert len(read(engine)) > 100
    assert first >= 1_767_225_600, "2026-01-01"


def test_what_was_reported_late_is_read_by_the_next_sync(world):
    customers = some_customers(world, 2)
    name(world, customers)
    before = read(world.connector.read(names=[STREAM]))
    world.advance(12)
    after = read(world.connector.read(names=[STREAM]))
    assert after == used(world, customers)
    assert {key for key in before if before[key] < after[key]}, "some was late"
    assert max(key[2] for key in after) - max(key[2] for key in before) >= 11 * DAY


def test_a_customer_that_stripe_refuses_is_named_and_the_others_come(world):
    customers = some_customers(world, 2)
    name(world, [customers[0], "cus_of_nobody", customers[1]])
    run = world.connector.read(names=[STREAM, "billing_meters"])
    assert read(run) == used(world, customers)
    assert run.statuses["billing_meters"] == "COMPLETE"
    assert run.statuses[STREAM] == "INCOMPLETE"
    assert "cus_of_nobody" in str(run.errors)


def test_each_of_several_accounts_is_asked_about_all_and_knows_its_own(tmp_path):
    with a_world(tmp_path, customers=3, months=3) as world:
        connections = world.account.connections
        accounts = connections.connect(2, seeds=[21, 22])
        mine = {}
        for identity in accounts:
            store = connections.account(identity).store
            maker = Maker(store, 1, f"meters of {identity}", store.now - 60 * DAY)
            for _ in range(8):
                maker.make("billing.meter", store.now - 60 * DAY, {})
            mine[identity] = next(iter(store.rows["customer"]))
        assert len(set(mine.values())) == 2
        world.connector.config["accounts"] = accounts
        name(world, list(mine.values()))
        run = world.connector.read(names=[STREAM])
        run.assert_complete()
        whose = {(record["account_id"], record["customer"]) for record in run.records[STREAM]}
        assert whose == set(mine.items())


def test_without_names_the_stream_is_empty_and_says_why(world):
    run = world.connector.read(names=[STREAM])
    run.assert_complete()
    assert read(run) == {}
    [warning] = [line for line in run.logs if "meter_customers" in line["message"]]
    assert warning["level"] == "WARNING"
