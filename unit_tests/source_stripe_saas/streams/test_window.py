"""One window: what its pages count for, when it gives its older half away, what that costs."""

import math
import random

import pytest

from source_stripe_saas.streams.checkpoint import Checkpoint
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.window import Window
from unit_tests.builders import NOW, PLANS, a_list, a_plan, a_thing
from unit_tests.fake_stripe import FakeStripe
from unit_tests.syncs import decoded, run_sync, small_pages

DAY = 86_400
YEAR = 365 * DAY


def a_window(client, plan=None, span=(0, NOW), **reader):
    return Window(StreamReader(plan or a_plan(), client, began=NOW, **reader), (), span, NOW)


def test_the_oldest_second_of_a_page_counts_only_with_the_page_that_ends_it():
    times = [NOW, NOW - 1, NOW - 1, NOW - 1, NOW - 5]
    client = FakeStripe({"things": [a_thing(n, created) for n, created in enumerate(times)]})
    with small_pages(2, cut_from=1000):
        window = a_window(client, account_created=NOW - 5)
        spans = [batch.checkpoint.span for batch in window.read()]
    assert spans == [(NOW, NOW), (NOW, NOW - 1), (0, NOW - 1)]


def test_a_dense_window_gives_its_older_half_away_and_reads_only_the_newer_one():
    rows = [a_thing(n, NOW - 10 * n) for n in range(40)]
    client = FakeStripe({"things": rows})
    with small_pages(5, cut_from=2):
        batches = list(a_window(client, account_created=NOW - 400).read())
    given = batches[0].spawned[0]
    assert (batches[0].records, batches[0].checkpoint) == ([], Checkpoint()), (
        "given away before it counts"
    )
    # 40 s went by in the first page; of the 360 s down to the account's birth the older half goes.
    assert given.span == (0, NOW - 221)
    spans = [task.span for batch in batches for task in batch.spawned]
    kept = [row["id"] for row in rows if not any(lo <= row["created"] <= hi for lo, hi in spans)]
    assert [record["id"] for batch in batches for record in decoded(batch.records)] == kept
    assert len(kept) == 16, "the rest of the newer half was dense enough to be cut once more"


def test_a_page_within_one_crowded_second_gives_nothing_away():
    rows = [a_thing(n, NOW - 50) for n in range(40)] + [a_thing(99, NOW - 10**6)]
    with small_pages(5, cut_from=1):
        batches = list(a_window(FakeStripe({"things": rows})).read())
    assert not any(batch.spawned for batch in batches)


def test_a_stream_that_asks_each_parent_cuts_much_smaller_windows():
    charges = [a_thing(n, NOW - 100 * n) for n in range(150)]
    plan = a_plan(parent=a_plan(), call="things/{id}/parts", events=())
    client = FakeStripe({"things": charges, **{f"things/th_{n}/parts": [] for n in range(150)}})
    window = a_window(client, plan, account_created=NOW - 15_000)
    assert any(batch.spawned for batch in window.read())
    listed = a_window(FakeStripe({"things": charges}), account_created=NOW - 15_000)
    assert not any(batch.spawned for batch in listed.read())


def test_a_stream_that_failed_stops_its_window_without_counting_it():
    client = FakeStripe({"things": [a_thing(n, NOW - n) for n in range(9)]})
    with small_pages(3, cut_from=1000):
        window = a_window(client)
        reading = window.read()
        next(reading)
        window.reader.failed.set()
        assert list(reading) == []


def test_a_parent_with_very_many_children_makes_several_batches_and_counts_with_the_last():
    plan = PLANS["invoice_line_items"]
    lines = [{"id": f"il_{n}", "object": "line_item"} for n in range(1200)]
    invoice = {"id": "in_1", "object": "invoice", "created": NOW, "lines": a_list(*lines)}
    window = a_window(FakeStripe({"invoices": [invoice]}), plan)
    batches = list(window.read())
    assert [len(batch.records) for batch in batches] == [500, 500, 200]
    assert [batch.checkpoint.span for batch in batches] == [None, None, (0, NOW)]


def test_the_oldest_open_object_of_a_page_goes_with_its_step():
    plan = PLANS["balance_transactions"]
    rows = [
        {"id": "txn_1", "object": "balance_transaction", "created": NOW, "status": "pending"},
        {"id": "txn_2", "object": "balance_transaction", "created": NOW - 9, "status": "pending"},
        {
            "id": "txn_3",
            "object": "balance_transaction",
            "created": NOW - 99,
            "status": "available",
        },
    ]
    batches = list(a_window(FakeStripe({"balance_transactions": rows}), plan).read())
    assert [batch.checkpoint.oldest_open for batch in batches] == [NOW - 9]


SHAPES = {
    "spread evenly over two years": lambda r: NOW - r.randrange(2 * YEAR),
    "more of them lately": lambda r: NOW - int(r.expovariate(3 / YEAR)),
    "all in the last two days": lambda r: NOW - r.randrange(2 * DAY),
    "in sixty crowded seconds": lambda r: NOW - DAY * r.randrange(60),
    "all in one second": lambda _r: NOW - DAY,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rows", [900, 2000, 5000])
@pytest.mark.parametrize("account_created", [0, NOW - 3 * YEAR])
def test_dense_lists_cost_little_more_than_their_pages(shape, rows, account_created):
    rng = random.Random(1)
    listed = [a_thing(n, SHAPES[shape](rng)) for n in range(rows)]
    client = FakeStripe({"things": listed}, NOW)
    sync = run_sync(a_plan(), client, now=NOW, account_created=account_created)
    assert sorted(sync.ids) == sorted(row["id"] for row in listed)
    # Measured: 1.00 to 1.11 requests a page, and up to 13 to find where the data lies (one for each
    # time that the span since the account's birth, or since 1970, must be halved).
    assert len(client.requests) <= 1.15 * math.ceil(rows / 100) + 13


@pytest.mark.parametrize("rows", [0, 1, 99, 100])
def test_a_list_of_one_page_costs_one_request(rows):
    client = FakeStripe({"things": [a_thing(n, NOW - n * DAY) for n in range(rows)]}, NOW)
    run_sync(a_plan(), client, now=NOW, account_created=NOW - 3 * YEAR)
    assert len(client.requests) == 1
