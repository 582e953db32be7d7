"""Batches, states and generations: what is in the warehouse at which moment."""

import json

import msgspec
import pytest

from source_stripe_saas.config import resources
from stripe_saas.warehouse import loader as module
from stripe_saas.warehouse.database import WarehouseError, connected
from stripe_saas.warehouse.loader import Loader
from stripe_saas.warehouse.sync_log import SyncBegin, next_sync_id, note_begin
from stripe_saas.warehouse.target import parse_target

pytestmark = pytest.mark.slow

NOON = 1_700_000_000


def streams(*names, mode="incremental"):
    return [
        {
            "stream": {
                "name": name,
                "json_schema": resources.schema(name),
                "source_defined_primary_key": [["id"]],
            },
            "sync_mode": mode,
        }
        for name in names
    ]


class Lock:
    """A lock that may get lost."""

    is_held = True

    def check(self, session):
        if not self.is_held:
            raise WarehouseError("lost")


class Sync:
    """A sync of some streams, of which a test says every message."""

    def __init__(self, database, folder, *names, is_full=False, mode="incremental"):
        begin = SyncBegin(next_sync_id(database), NOON, "acct_1", "Acme", "test", is_full)
        note_begin(database, begin)
        self.database, self.lock = database, Lock()
        self.loader = Loader(
            database, streams(*names, mode=mode), folder, begin, self.lock, lambda: NOON
        )

    def record(self, stream, key, **data):
        self.loader.take_record(stream, msgspec.json.encode({"id": key, **data}), 1_000)

    def state(self, stream, second):
        descriptor = {"name": stream}
        blob = {"stream_descriptor": descriptor, "stream_state": {"updated": second}}
        self.loader.take_state(stream, {"type": "STREAM", "stream": blob})

    def complete(self, *names):
        for name in names:
            self.loader.end_stream(name, is_complete=True)

    @property
    def states(self):
        return {
            each["stream"]["stream_descriptor"]["name"]: each["stream"]["stream_state"]["updated"]
            for each in json.loads(self.loader.states())
        }


@pytest.fixture(params=["duckdb", "postgres"])
def target(request, tmp_path):
    if request.param == "duckdb":
        return parse_target(f"duckdb:///{tmp_path / 'w.duckdb'}")
    return parse_target(request.getfixturevalue("postgres").new_database())


@pytest.fixture
def database(target):
    with connected(target) as opened:
        yield opened


@pytest.fixture
def begin(database, tmp_path):
    return lambda *names, **options: Sync(database, tmp_path, *names, **options)


def names_in(database, stream="customers"):
    return dict(database.select(f"select id, name from stripe_raw.{stream} order by id"))


def log_of(database, stream):
    return database.rows(
        "select status, record_count, synced_at, error from stripe_raw._stripe_saas_sync_streams "
        "where stream = ? order by sync_id desc",
        stream,
    )[0]


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


def filled_once(begin):
    sync = begin("customers")
    sync.record("customers", "cus_1", name="Ann")
    sync.state("customers", 5)
    sync.complete("customers")


def test_a_column_that_was_dropped_is_noticed_and_read_again(begin, database):
    filled_once(begin)
    database.execute("alter table stripe_raw.customers drop column name")
    sync = begin("customers")
    assert sync.loader.remarks == [
        "customers: its column name was gone, so that everything is read again."
    ]
    assert sync.states == {}
    sync.record("customers", "cus_1", name="Ann")
    sync.complete("customers")
    assert names_in(database) == {"cus_1": "Ann"}


def test_a_column_that_is_new_is_said_to_be(begin, database):
    filled_once(begin)
    database.execute("alter table stripe_raw.customers drop column name")
    database.execute(
        "update stripe_raw._stripe_saas_streams set column_names = replace(column_names, "
        "'\"name\", ', '')"
    )
    sync = begin("customers")
    assert sync.loader.remarks == [
        "customers: its table has the new name, so that everything is read again."
    ]
    assert begin("customers").loader.remarks == []


def test_a_table_that_was_dropped_is_noticed_and_read_again(begin, database):
    filled_once(begin)
    database.execute("drop table stripe_raw.customers")
    sync = begin("customers")
    assert sync.loader.remarks == [
        "customers: its table was gone, so that everything is read again."
    ]
    assert sync.states == {}


def test_a_value_that_does_not_fit_costs_no_other(begin, database):
    sync = begin("charges")
    sync.record("charges", "ch_1", amount="much", currency="eur")
    sync.record("charges", "ch_2", amount=2**63)
    sync.record("charges", "ch_3", amount=12.5)
    sync.record("charges", "ch_4", amount=5)
    sync.loader.take_record("charges", b'{"amount": 5}', 0)
    sync.state("charges", 5)
    sync.complete("charges")
    assert database.select("select id, amount from stripe_raw.charges order by id") == [
        ("ch_1", None),
        ("ch_2", None),
        ("ch_3", None),
        ("ch_4", 5),
    ]
    rejects = "select record_key, column_name, value, reason from stripe_raw._stripe_saas_rejects"
    assert database.select(f"{rejects} order by record_key") == [
        ("", "id", '{"amount":5}', "a record without id"),
        ("ch_1", "amount", '"much"', "text in a column of integers"),
        ("ch_2", "amount", "9223372036854775808", "an integer beyond 64 bits"),
        ("ch_3", "amount", "12.5", "a number with a fraction in a column of integers"),
    ]
    assert (sync.loader.written("charges"), sync.loader.rejected("charges")) == (4, 4)
    [(meta,)] = database.select("select _airbyte_meta from stripe_raw.charges where id = 'ch_3'")
    meta = json.loads(meta) if isinstance(meta, str) else meta
    assert [change["field"] for change in meta["changes"]] == ["amount"]

    # What comes right is no longer kept apart, and what is gone neither.
    sync = begin("charges")
    sync.record("charges", "ch_1", amount=7)
    sync.complete("charges")
    assert len(database.select(rejects)) == 3
    sync = begin("charges", is_full=True)
    sync.record("charges", "ch_1", amount=7)
    sync.complete("charges")
    assert database.select(rejects) == []


def test_a_column_of_another_type_keeps_what_it_can_hold(begin, database):
    begin("charges").complete("charges")
    database.execute("alter table stripe_raw.charges drop column amount")
    database.execute("alter table stripe_raw.charges add column amount varchar")
    sync = begin("charges")
    sync.record("charges", "ch_1", amount=5)
    sync.record("charges", "ch_2", amount={"value": 5})
    sync.complete("charges")
    assert database.select("select id, amount from stripe_raw.charges order by id") == [
        ("ch_1", "5"),
        ("ch_2", None),
    ]
    assert sync.loader.rejected("charges") == 1


def test_values_arrive_as_stripe_shows_them(begin, database):
    sync = begin("charges")
    text = 'tab\there "quoted" \\ back\nline, \u20ac \N{GRINNING FACE} \x01\x02'
    nested = {"n": 1.5, "list": [1, None, "\x02"], "text": text}
    sync.record(
        "charges", "ch_1", description=text, metadata=nested, amount=2**63 - 1, paid=True, new=1
    )
    sync.loader.take_record("charges", b'{"id":"ch_2","amount":1e2,"metadata":null}', 0)
    sync.loader.take_record("charges", b'{"id":"ch_3","metadata":{"n":1e400}}', 0)
    sync.complete("charges")
    [row, other, _] = database.rows("select * from stripe_raw.charges order by id")
    assert (row["description"], row["amount"], row["paid"]) == (text, 2**63 - 1, True)
    plain = {
        name: json.loads(row[name]) if isinstance(row[name], str) else row[name]
        for name in ("metadata", "_stripe_extra")
    }
    assert plain == {"metadata": nested, "_stripe_extra": {"new": 1}}
    assert str(row["_airbyte_extracted_at"]) == "1970-01-01 00:00:01"
    assert (other["amount"], other["metadata"]) == (100, None)


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
