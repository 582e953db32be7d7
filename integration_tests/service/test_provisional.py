"""What deliveries name is in the tables at once, and a sync leaves what it would have left."""

import random

import pytest
import requests

from integration_tests.postgres import a_postgres
from integration_tests.warehouse.syncing import Warehouse, a_warehouse
from source_stripe_saas.config.settings import parse_settings
from source_stripe_saas.delivered import DeliveredEvent, read_delivered
from source_stripe_saas.streams.plans import load_plans
from stripe_saas.warehouse.database import connected, writing
from stripe_saas.warehouse.provisional import (
    is_provisional,
    settled_streams,
    take_back,
    write_provisional,
)
from stripe_saas.warehouse.target import parse_target

pytestmark = pytest.mark.slow
STREAMS = ("customers", "subscriptions", "subscription_items", "invoices", "charges")
_NEVER_ALIKE = {"_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_generation_id"}


def events_of(world, since):
    """Events of Stripe's list, newest first, with what a delivery says of itself."""
    found, after = [], {}
    while True:
        reply = requests.get(
            f"{world.url}/v1/events",
            params={"limit": 100, "created[gte]": since, **after},
            headers={"Authorization": "Bearer sk_test_integration0000000001"},
            timeout=10,
        ).json()
        found += reply["data"]
        if not reply["has_more"]:
            return found
        after = {"starting_after": reply["data"][-1]["id"]}


def delivered(event, **changes):
    subject = event["data"]["object"]
    values = {
        "id": event["id"],
        "type": event["type"],
        "object_type": subject["object"],
        "object_id": subject.get("id"),
        "created": event["created"],
    }
    return DeliveredEvent(**{**values, **changes})


def fetch(warehouse, folder, events):
    """What the service does with deliveries; how many rows came."""
    plans, target = load_plans(), parse_target(warehouse.address)
    settings = parse_settings(warehouse.world.connector.config)
    folder.mkdir(exist_ok=True)
    with writing(target) as lock, connected(target) as database:
        names = settled_streams(database, plans)
        lines = read_delivered(settings, plans, names, events)
        return write_provisional(database, lock, folder, plans, lines)


def tables(warehouse, *, alike=True):
    left_out = _NEVER_ALIKE if alike else set()
    return {
        name: sorted(
            repr({key: value for key, value in row.items() if key not in left_out})
            for row in warehouse.rows(f"select * from stripe_raw.{name}")
        )
        for name in STREAMS
    }


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request, tmp_path):
    if request.param == "postgres":
        with a_postgres() as address, a_warehouse(tmp_path, address, customers=12, months=3) as it:
            yield it
    else:
        with a_warehouse(tmp_path, customers=12, months=3) as it:
            yield it


def test_deliveries_in_any_order_are_there_at_once_and_leave_no_trace_after_a_sync(
    warehouse, tmp_path
):
    world = warehouse.world
    without = Warehouse(world, f"duckdb:///{tmp_path / 'without.duckdb'}")
    for each in (warehouse, without):
        assert each.sync("--streams", *STREAMS) == 0
    before, began = tables(warehouse, alike=False), world.account.store.now
    world.advance(25)  # events are kept for thirty days
    events = events_of(world, began)
    assert len(events) > 20
    # Thin ones of the second API are no events of the first; some come twice; one is of nothing.
    asked = [
        delivered(each, id=f"evt_thin{number}") if number % 7 == 0 else delivered(each)
        for number, each in enumerate(events)
    ]
    asked += random.Random(1).sample(asked, 5)
    asked.append(DeliveredEvent("evt_forged", "customer.updated", "customer", "cus_nobody"))
    random.Random(2).shuffle(asked)
    for first in range(0, len(asked), 30):
        assert fetch(warehouse, tmp_path / "files", asked[first : first + 30]) > 0
    with warehouse.database() as database:
        assert is_provisional(database)
    provisional = {name: facts(warehouse, name) for name in STREAMS}
    # Taken back, the tables are what the sync had left.
    target = parse_target(warehouse.address)
    with writing(target) as lock, connected(target) as database:
        take_back(database, lock)
        assert not is_provisional(database)
    assert tables(warehouse, alike=False) == before
    # And a sync after deliveries makes of them what it makes without any.
    assert fetch(warehouse, tmp_path / "files", asked) > 0
    world.advance(70 / 86_400)  # the change feed is a minute behind
    for each in (warehouse, without):
        assert each.sync("--streams", *STREAMS) == 0
    assert {name: rows(warehouse, name) for name in STREAMS} == {
        name: rows(without, name) for name in STREAMS
    }
    # What was provisional had said so, but for the moment from which on it holds.
    settled = {name: facts(without, name) for name in STREAMS}
    for name in STREAMS:
        for identity, row in settled[name].items():
            assert provisional[name].get(identity) == row, (name, identity)


def rows(warehouse, name):
    """A stream's rows in words that both kinds of warehouse share."""
    names = ", ".join(f'cast("{column}" as varchar) as "{column}"' for column in SHARED[name])
    return warehouse.rows(f"select {names} from stripe_raw.{name} order by id")


SHARED = {
    "customers": ("id", "updated", "is_deleted", "email", "name", "created", "delinquent"),
    "subscriptions": ("id", "updated", "status", "customer", "cancel_at", "canceled_at"),
    "subscription_items": ("id", "updated", "is_deleted", "quantity", "subscription"),
    "invoices": ("id", "updated", "status", "amount_due", "amount_paid"),
    "charges": ("id", "updated", "status", "amount", "amount_refunded"),
}


def facts(warehouse, name):
    """Id -> what there is of the object, without the moment from which on it holds."""
    return {
        row["id"]: {column: value for column, value in row.items() if column != "updated"}
        for row in rows(warehouse, name)
    }
