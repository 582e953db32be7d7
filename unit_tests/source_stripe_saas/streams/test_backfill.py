"""Whole backfills: whatever the times of creation and wherever it breaks off, nothing is lost."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from source_stripe_saas.streams.spans import missing
from unit_tests.builders import NOW, a_plan, a_thing
from unit_tests.fake_stripe import FakeStripe
from unit_tests.syncs import run_sync, small_pages

quick = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)

# Crowded seconds, sparse years, and both beside each other.
seconds = st.one_of(
    st.integers(NOW - 3, NOW),
    st.integers(NOW - 400, NOW),
    st.integers(NOW - 10**8, NOW),
    st.integers(1, NOW),
)
times = st.lists(seconds, max_size=60)
page_sizes = st.integers(1, 7)
order = st.randoms(use_true_random=False)

WINDOWED = a_plan()
ROLLED = a_plan(created_filter=False)


def things(created_times):
    return [a_thing(number, created) for number, created in enumerate(created_times)]


def chooser(rng):
    return lambda possibilities: rng.randrange(possibilities)


def check_states(plan, sync, rows, written_before=frozenset()):
    """No state says that a second is done whose objects have not all been written."""
    for state, written in zip(sync.states, sync.written, strict=True):
        known = written_before | set(sync.ids[:written])
        if "backfill" not in state:
            done = [(0, NOW)]
        else:
            done = state["backfill"]["done"].get("", [])
            assert all(lo <= hi for lo, hi in done)
            assert len(done) == len(set(map(tuple, done)))
        for row in rows:
            if any(lo <= row["created"] <= hi for lo, hi in done):
                assert row["id"] in known, f"{row} counted before it was written"


@quick
@given(times, page_sizes, order, st.integers(0, NOW))
def test_an_undisturbed_backfill_writes_every_id_exactly_once(
    created_times, page_size, rng, account_created
):
    rows = things(created_times)
    with small_pages(page_size):
        sync = run_sync(
            WINDOWED,
            FakeStripe({"things": rows}, NOW),
            now=NOW,
            account_created=account_created,
            choose=chooser(rng),
        )
    assert sync.is_complete
    assert sorted(sync.ids) == sorted(row["id"] for row in rows)
    assert sync.state == {"updated": NOW - 60}
    check_states(WINDOWED, sync, rows)


@quick
@given(times, page_sizes, order, st.lists(st.integers(0, 25), min_size=1, max_size=4))
def test_a_backfill_killed_anywhere_and_resumed_loses_nothing(created_times, page_size, rng, stops):
    rows = things(created_times)
    client = FakeStripe({"things": rows}, NOW)
    state, written = None, set()
    with small_pages(page_size):
        for attempt, stop_after in enumerate([*stops, None]):
            now = NOW + attempt * 3600
            sync = run_sync(
                WINDOWED, client, state, now=now, choose=chooser(rng), stop_after=stop_after
            )
            check_states(WINDOWED, sync, rows, written)
            written |= set(sync.ids)
            state = sync.state
            if sync.is_complete:
                break
    assert sync.is_complete
    assert written == {row["id"] for row in rows}
    assert state == {"updated": NOW - 60}, "the change feed goes on from the first attempt"


@quick
@given(times, page_sizes, order, st.integers(0, 12), st.integers(2, 6))
def test_a_unit_that_dies_is_missing_from_the_state_and_read_by_the_next_sync(
    created_times, page_size, rng, seed, one_in
):
    rows = things(created_times)
    client = FakeStripe({"things": rows}, NOW)
    deaths = random.Random(seed)
    with small_pages(page_size):
        first = run_sync(
            WINDOWED,
            client,
            now=NOW,
            choose=chooser(rng),
            dying=lambda _batch: deaths.randrange(one_in) == 0,
        )
        check_states(WINDOWED, first, rows)
        second = run_sync(WINDOWED, client, first.state, now=NOW + 60, choose=chooser(rng))
    if first.is_complete:
        assert set(first.ids) == {row["id"] for row in rows}
    else:
        assert second.is_complete
        assert set(first.ids) | set(second.ids) == {row["id"] for row in rows}


@quick
@given(times, page_sizes, order, st.integers(0, 25))
def test_a_resumed_backfill_reads_no_finished_second_again(created_times, page_size, rng, stop):
    rows = things(created_times)
    client = FakeStripe({"things": rows}, NOW)
    # A batch holds no more than a page, so fewer than there are full pages never are all.
    stop %= max(1, len(rows) // page_size)
    with small_pages(page_size):
        first = run_sync(WINDOWED, client, now=NOW, choose=chooser(rng), stop_after=stop)
        assert not first.is_complete
        done = first.state["backfill"]["done"].get("", [])
        again = run_sync(WINDOWED, client, first.state, now=NOW, choose=chooser(rng))
    for record in again.records:
        assert not any(lo <= record["created"] <= hi for lo, hi in done)


@quick
@given(st.lists(seconds, min_size=1, max_size=60), page_sizes, order, st.data())
def test_objects_that_come_and_go_meanwhile_take_no_other_with_them(
    created_times, page_size, rng, data
):
    rows = things(created_times)
    stays = {row["id"] for row in rows if data.draw(st.booleans(), label=row["id"])}
    client = FakeStripe({"things": list(rows)}, NOW)
    born = iter(range(1000, 10_000))

    def disturb(_path, _params):
        listed = client.lists["things"]
        doomed = [row for row in listed if row["id"] not in stays]
        if doomed and rng.random() < 0.7:
            listed.remove(rng.choice(doomed))
        if rng.random() < 0.3:
            listed.insert(0, a_thing(next(born), NOW + rng.randrange(3)))

    client.before = disturb
    with small_pages(page_size):
        sync = run_sync(WINDOWED, client, now=NOW, choose=chooser(rng))
    assert sync.is_complete
    assert stays <= set(sync.ids)
    old = [identity for identity in sync.ids if identity in {row["id"] for row in rows}]
    assert len(old) == len(set(old)), "nothing comes twice"


@quick
@given(st.lists(seconds, min_size=1, max_size=60), page_sizes, order, st.data())
def test_a_list_without_windows_loses_nothing_to_objects_that_vanish(
    created_times, page_size, rng, data
):
    rows = things(created_times)
    stays = {row["id"] for row in rows if data.draw(st.booleans(), label=row["id"])}
    client = FakeStripe({"things": list(rows)}, NOW)

    def disturb(_path, _params):
        listed = client.lists["things"]
        doomed = [row for row in listed if row["id"] not in stays]
        for row in rng.sample(doomed, min(len(doomed), rng.randrange(4))):
            listed.remove(row)

    client.before = disturb
    with small_pages(page_size):
        sync = run_sync(ROLLED, client, now=NOW, choose=chooser(rng))
    assert sync.is_complete
    assert stays <= set(sync.ids)


@quick
@given(times, page_sizes, order, st.lists(st.integers(0, 12), min_size=1, max_size=4))
def test_a_list_without_windows_resumes_after_the_last_id_written(
    created_times, page_size, rng, stops
):
    rows = things(created_times)
    client = FakeStripe({"things": rows}, NOW)
    state, written = None, []
    with small_pages(page_size):
        for stop_after in [*stops, None]:
            sync = run_sync(
                ROLLED, client, state, now=NOW, choose=chooser(rng), stop_after=stop_after
            )
            written += sync.ids
            state = sync.state
            if sync.is_complete:
                break
    assert sync.is_complete
    assert sorted(written) == sorted(row["id"] for row in rows)
    assert state == {"updated": NOW - 60}


@quick
@given(times, times, page_sizes, order, st.lists(st.integers(0, 20), min_size=1, max_size=3))
def test_every_variant_of_a_list_is_read_to_its_end(active, inactive, page_size, rng, stops):
    plan = a_plan(variants=((("active", "true"),), (("active", "false"),)))
    rows = [a_thing(f"a{n}", created, active=True) for n, created in enumerate(active)]
    rows += [a_thing(f"i{n}", created, active=False) for n, created in enumerate(inactive)]
    client = FakeStripe({"things": rows}, NOW)
    state, written = None, set()
    with small_pages(page_size):
        for stop_after in [*stops, None]:
            sync = run_sync(
                plan, client, state, now=NOW, choose=chooser(rng), stop_after=stop_after
            )
            written |= set(sync.ids)
            state = sync.state
            if sync.is_complete:
                break
    assert sync.is_complete
    assert written == {row["id"] for row in rows}


@quick
@given(times, order)
def test_the_state_keeps_few_spans_however_many_windows_there_were(created_times, rng):
    rows = things(created_times)
    with small_pages(2, cut_from=1):
        sync = run_sync(WINDOWED, FakeStripe({"things": rows}, NOW), now=NOW, choose=chooser(rng))
    for state in sync.states:
        done = [tuple(span) for span in state.get("backfill", {}).get("done", {}).get("", [])]
        # Neighbours are joined, so there are never more spans than gaps between objects.
        assert len(done) <= len(set(created_times)) + 1
        assert done == missing((0, NOW), missing((0, NOW), done))[::-1]


def test_a_start_date_in_the_future_reads_nothing_and_ends_well():
    client = FakeStripe({"things": [a_thing(1, NOW - 5)]}, NOW)
    sync = run_sync(WINDOWED, client, now=NOW, start=NOW + 100)
    assert (sync.records, sync.is_complete) == ([], True)
    assert client.requests == []


def test_objects_older_than_the_start_date_are_left_out():
    rows = [a_thing("old", NOW - 101), a_thing("edge", NOW - 100), a_thing("new", NOW)]
    sync = run_sync(WINDOWED, FakeStripe({"things": rows}, NOW), now=NOW, start=NOW - 100)
    assert sync.ids == ["th_new", "th_edge"]


def test_records_hold_the_moment_at_which_the_first_attempt_began():
    rows = [a_thing(number, NOW - number) for number in range(4)]
    client = FakeStripe({"things": rows}, NOW)
    with small_pages(1, cut_from=100):
        first = run_sync(WINDOWED, client, now=NOW, stop_after=2)
        second = run_sync(WINDOWED, client, first.state, now=NOW + 500)
    assert {record["updated"] for record in first.records + second.records} == {NOW}
    assert first.ids == ["th_0", "th_1"]
    # The oldest second of the last page might have gone on, so it is read again.
    assert second.ids == ["th_1", "th_2", "th_3"]
