"""Batches, states and generations: what is in the warehouse at which moment."""

import pytest

from integration_tests.warehouse.loader.one_sync import NOON, log_of, names_in
from stripe_saas.warehouse import loader as module
from stripe_saas.warehouse.database import WarehouseError

pytestmark = pytest.mark.slow


def test_rows_their_state_and_the_log_are_there_together(begin, database):
    sync = begin("customers", "charges")
    sync.record("customers", "cus_1", name="Ann")
    sync.state("customers", 5)
    sync.record("charges", "ch_1", amount=5)
    sync.state("charges", 6)
    sync.complete("customers")
    # The charges are not written yet: a process that ends here leaves nothing of them.
    assert names_in(database) == {"cus_1": "Ann"}
    assert database.select("select id from stripe_raw.charges") == []
    assert sync.states == {"customers": 5}
    assert log_of(database, "customers") == {
        "status": "complete",
        "record_count": 1,
        "synced_at": NOON,
        "error": None,
    }


def test_a_stream_that_is_not_at_its_end_is_not_complete_in_the_log(begin, database):
    sync = begin("customers")
    sync.record("customers", "cus_1")
    sync.loader.end()
    found = log_of(database, "customers")
    assert (found["status"], found["record_count"], found["synced_at"]) == ("incomplete", 1, None)
    assert found["error"] == module.UNFINISHED


@pytest.mark.parametrize("broken", ["lock", "table"])
def test_after_a_failed_write_nothing_of_the_stream_is_kept(begin, database, broken):
    begin("customers", "charges").complete("customers", "charges")
    sync = begin("customers", "charges")
    sync.record("customers", "cus_1")
    sync.state("customers", 5)
    sync.record("charges", "ch_1")
    sync.state("charges", 6)
    if broken == "lock":
        sync.lock.is_held = False
    else:
        database.execute("alter table stripe_raw.customers rename to gone")
    with pytest.raises(WarehouseError):
        sync.loader.end_stream("customers", is_complete=True)
    if broken == "lock":
        sync.lock.is_held = True
    else:
        database.execute("alter table stripe_raw.gone rename to customers")
    sync.record("customers", "cus_2")
    sync.state("customers", 7)
    sync.complete("customers")
    assert names_in(database) == {}
    assert sync.states == {}
    sync.complete("charges")
    assert sync.states == {"charges": 6}


def test_rows_that_wait_too_long_are_written_when_another_stream_speaks(begin, monkeypatch):
    sync = begin("customers", "charges")
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_LOOKS", 0)
    sync.record("customers", "cus_1")
    assert sync.loader.written("customers") == 0
    monkeypatch.setattr(module, "_BATCH_SECONDS", 0)
    sync.record("charges", "ch_1")
    assert sync.loader.written("customers") == 1


def test_a_batch_is_written_when_it_is_large(begin, monkeypatch):
    sync = begin("customers", "charges")
    monkeypatch.setattr(module, "_BATCH_ROWS", 2)
    sync.record("customers", "cus_1")
    sync.record("customers", "cus_1")
    assert sync.loader.written("customers") == 0
    sync.record("customers", "cus_2")
    assert sync.loader.written("customers") == 2
    monkeypatch.setattr(module, "_BATCH_BYTES", 100)
    sync.record("charges", "ch_1", description="x" * 100)
    assert sync.loader.written("charges") == 1


def test_a_later_batch_writes_over_rows_of_the_same_key(begin, database):
    for name in ("old", "new"):
        sync = begin("customers")
        sync.record("customers", "cus_1", name=name)
        sync.record("customers", f"cus_{name}", name=name)
        sync.state("customers", 5)
        sync.loader.end()
    assert names_in(database) == {"cus_1": "new", "cus_new": "new", "cus_old": "old"}


def test_within_a_generation_the_later_updated_stays_whichever_comes_first(begin, database):
    sync = begin("customers")
    sync.record("customers", "cus_1", name="new", updated=9)
    sync.record("customers", "cus_2", name="old", updated=1)
    sync.record("customers", "cus_3", name="unknown")
    sync.state("customers", 5)
    sync.loader.end()
    sync.record("customers", "cus_1", name="old", updated=1)
    sync.record("customers", "cus_2", name="new", updated=9)
    sync.record("customers", "cus_3", name="known", updated=1)
    sync.loader.end()
    assert names_in(database) == {"cus_1": "new", "cus_2": "new", "cus_3": "known"}
    # A whole read shows what is there now, whatever a row from before says of its time.
    sync = begin("customers", is_full=True)
    sync.record("customers", "cus_1", name="newest", updated=5)
    sync.complete("customers")
    assert names_in(database) == {"cus_1": "newest"}


def test_of_one_key_in_a_batch_the_later_updated_counts(begin, database):
    sync = begin("customers")
    for name, updated in (("old", 1), ("new", 9), ("older", 0)):
        sync.record("customers", "cus_1", name=name, updated=updated)
    sync.complete("customers")
    assert names_in(database) == {"cus_1": "new"}
    assert sync.loader.written("customers") == 1


def test_a_whole_read_that_ends_deletes_what_did_not_come(begin, database):
    sync = begin("customers")
    for key in ("cus_1", "cus_2"):
        sync.record("customers", key)
    sync.record("customers", "cus_3", is_deleted=True)
    sync.state("customers", 5)
    sync.complete("customers")
    assert len(names_in(database)) == 3

    sync = begin("customers", is_full=True)
    assert sync.states == {}
    sync.record("customers", "cus_1")
    sync.loader.end()
    assert len(names_in(database)) == 3
    sync.complete("customers")
    assert list(names_in(database)) == ["cus_1", "cus_3"]


def test_a_whole_read_goes_on_over_syncs_until_its_end(begin, database):
    sync = begin("customers")
    for key in ("cus_1", "cus_2", "cus_gone"):
        sync.record("customers", key)
    sync.state("customers", 5)
    sync.complete("customers")

    sync = begin("customers", is_full=True)
    sync.record("customers", "cus_1")
    sync.state("customers", 3)
    sync.loader.end()
    sync = begin("customers")  # goes on from the state that the whole read left
    assert sync.states == {"customers": 3}
    sync.record("customers", "cus_2")
    sync.loader.end()
    assert "cus_gone" in names_in(database)
    sync.complete("customers")
    assert list(names_in(database)) == ["cus_1", "cus_2"]
    # The next one goes on from its end, and deletes nothing.
    sync.state("customers", 6)
    sync.loader.end()
    begin("customers").complete("customers")
    assert list(names_in(database)) == ["cus_1", "cus_2"]


def test_a_whole_read_that_left_no_state_begins_anew(begin, database):
    sync = begin("customers")
    for key in ("cus_1", "cus_2"):
        sync.record("customers", key)
    sync.loader.end()
    sync = begin("customers")
    sync.record("customers", "cus_2")
    sync.complete("customers")
    assert list(names_in(database)) == ["cus_2"]


def test_a_read_that_turns_out_to_be_whole_forgets_the_state_from_before(begin, database):
    sync = begin("customers")
    sync.record("customers", "cus_1")
    sync.state("customers", 5)
    sync.complete("customers")
    sync = begin("customers")
    sync.loader.begin_whole("customers")
    # It is cut off at once. Nothing may be deleted by one that goes on from the old state.
    assert begin("customers").states == {}
    assert list(names_in(database)) == ["cus_1"]


def test_what_stripe_forgets_by_its_age_stays(begin, database):
    sync = begin("events")
    sync.record("events", "evt_1")
    sync.complete("events")
    sync = begin("events", is_full=True)
    sync.record("events", "evt_2")
    sync.complete("events")
    assert database.select("select id from stripe_raw.events order by id") == [
        ("evt_1",),
        ("evt_2",),
    ]


def test_a_stream_without_a_cursor_is_read_whole_each_time(begin, database):
    for key in ("shr_1", "shr_2"):
        sync = begin("shipping_rates", mode="full_refresh")
        sync.record("shipping_rates", key)
        sync.complete("shipping_rates")
    assert database.select("select id from stripe_raw.shipping_rates") == [("shr_2",)]


def test_clocks_of_the_machine_decide_nothing(begin, database, monkeypatch):
    now = module.time.time
    for ahead in (0, 172_800, 0):
        monkeypatch.setattr("time.time_ns", lambda ahead=ahead: int((now() + ahead) * 1e9))
        monkeypatch.setattr("time.time", lambda ahead=ahead: now() + ahead)
        sync = begin("customers", is_full=True)
        for key in ("cus_1", "cus_2"):
            sync.record("customers", key)
        sync.complete("customers")
        assert len(names_in(database)) == 2
    ids = database.select("select sync_id from stripe_raw._stripe_saas_syncs")
    assert [each for (each,) in ids] == sorted(each for (each,) in ids)
    last = database.rows("select max(generation) as n from stripe_raw._stripe_saas_streams")
    assert last == [{"n": 4}]
