"""`stripe-saas sync` into a DuckDB file: true tables, a true log, and what is said of failures."""

import pytest

from integration_tests.connector import TEST_KEY
from integration_tests.warehouse.syncing import STREAMS, a_warehouse
from stripe_saas import cli

pytestmark = pytest.mark.slow

RESTRICTED = "rk_test_integration0000000001"


def test_a_sync_fills_the_tables_and_later_ones_bring_what_changed(tmp_path, capsys):
    with a_warehouse(tmp_path) as warehouse:
        assert warehouse.sync("--streams", *STREAMS) == 0
        warehouse.assert_true()
        first = warehouse.last_sync()
        assert (first["status"], first["mode"], first["is_full"]) == ("complete", "test", False)
        assert first["account_id"] == warehouse.world.account.account_id
        assert first["synced_at"] >= first["started_at"]
        assert abs(first["synced_at"] - warehouse.world.account.store.now) < 120
        written = sum(len(warehouse.ids(stream)) for stream in STREAMS)
        assert first["record_count"] == written

        warehouse.world.advance(7)
        assert warehouse.sync("--streams", *STREAMS) == 0
        warehouse.assert_true()
        second = warehouse.last_sync()
        assert 0 < second["record_count"] < first["record_count"] / 2
        assert second["synced_at"] - first["synced_at"] >= 7 * 86400
        per_stream = warehouse.rows(
            "select * from stripe_raw._stripe_saas_sync_streams where sync_id = ?",
            second["sync_id"],
        )
        assert {row["stream"] for row in per_stream} == set(STREAMS)
        assert {row["synced_at"] for row in per_stream} == {second["synced_at"]}
    said = capsys.readouterr()
    assert "Complete: 6 of 6 streams" in said.out
    assert TEST_KEY not in said.out + said.err


def test_rows_hold_the_objects_as_the_api_shows_them(tmp_path):
    with a_warehouse(tmp_path) as warehouse:
        assert warehouse.sync("--streams", "customers", "invoices") == 0
        for row in warehouse.rows("select * from stripe_raw.invoices"):
            [invoice] = warehouse.world.truth.objects("invoices", [row["id"]]).values()
            for name in ("total", "created", "status", "currency", "customer", "due_date"):
                assert row[name] == invoice[name], (row["id"], name)
        [raw] = warehouse.rows(
            "select count(*) as rows_, count(distinct _airbyte_raw_id) as ids, "
            "count(_airbyte_extracted_at) as moments from stripe_raw.customers"
        )
        assert raw["rows_"] == raw["ids"] == raw["moments"] > 0


def test_a_stream_that_the_key_may_not_read_costs_no_other(tmp_path, capsys):
    with a_warehouse(tmp_path) as warehouse:
        warehouse.world.post("keys", {"key": RESTRICTED, "denied": ["rak_invoice_read"]})
        assert warehouse.sync("--streams", *STREAMS, key=RESTRICTED) == 1
        warehouse.assert_true(tuple(name for name in STREAMS if name != "invoices"))
        assert warehouse.ids("invoices") == []
        last = warehouse.last_sync()
        assert last["status"] == "incomplete"
        assert last["synced_at"] is not None
        [refused] = warehouse.rows(
            "select * from stripe_raw._stripe_saas_sync_streams where status <> 'complete'"
        )
        assert refused["stream"] == "invoices"
        assert refused["synced_at"] is None
        assert "Invoices: Read" in refused["error"]
        said = capsys.readouterr()
        assert "Incomplete: 5 of 6 streams" in said.out
        assert "Invoices: Read" in said.out
        assert RESTRICTED not in said.out + said.err

        assert cli.run(["status", "--warehouse", warehouse.address]) == 1
        told = capsys.readouterr().out
        assert "Last complete   never" in told
        assert "Acme Cloud (acct_" in told
        count = len(warehouse.ids("customers"))
        assert f"customers                     {count:>12}  20" in told
        assert "invoices                                 0  never complete" in told
        assert "  invoices: Stream `invoices` was not read to the end." in told

        assert warehouse.sync("--streams", *STREAMS) == 0
        assert cli.run(["status", "--warehouse", warehouse.address]) == 0
        assert "What failed" not in capsys.readouterr().out


def test_rows_that_are_gone_leave_with_a_full_sync_and_with_every_one_of_small_lists(tmp_path):
    with a_warehouse(tmp_path) as warehouse:
        streams = ("customers", "shipping_rates")
        assert warehouse.sync("--streams", *streams) == 0
        for table in streams:
            warehouse.execute(
                f"insert into stripe_raw.{table} (id, _airbyte_extracted_at) "
                "values ('gone', timestamp '2020-01-01 00:00:00')"
            )
        warehouse.execute(
            "insert into stripe_raw.customers (id, is_deleted, _airbyte_extracted_at) "
            "values ('deleted', true, timestamp '2020-01-01 00:00:00')"
        )
        assert warehouse.sync("--streams", *streams) == 0
        assert "gone" in warehouse.ids("customers")
        warehouse.assert_true(("shipping_rates",))

        assert warehouse.sync("--streams", *streams, "--full") == 0
        warehouse.assert_true(streams)
        assert warehouse.rows("select id from stripe_raw.customers where is_deleted") == [
            {"id": "deleted"}
        ]
        assert warehouse.last_sync()["is_full"] is True


def test_a_warehouse_takes_one_account_only(tmp_path, capsys):
    with a_warehouse(tmp_path) as warehouse:
        assert warehouse.sync("--streams", "account") == 0
        warehouse.execute("update stripe_raw._stripe_saas_syncs set account_id = 'acct_other'")
        assert warehouse.sync("--streams", "account") == 1
    assert "the warehouse holds the account acct_other" in capsys.readouterr().err


def test_a_key_that_stripe_refuses_leaves_no_warehouse_behind(tmp_path, capsys):
    with a_warehouse(tmp_path) as warehouse:
        warehouse.world.post("keys", {"key": RESTRICTED, "revoked": True})
        assert warehouse.sync(key=RESTRICTED) == 1
        assert not (tmp_path / "stripe.duckdb").exists()
    assert "refused the API key" in capsys.readouterr().err
