"""`stripe-saas sync` into a PostgreSQL server: the same tables as in DuckDB."""

import json

import pytest

from integration_tests.warehouse.loader.one_sync import Sync
from integration_tests.warehouse.postgres import PASSWORD
from integration_tests.warehouse.syncing import STREAMS, a_warehouse
from stripe_saas.warehouse.database import connected
from stripe_saas.warehouse.target import parse_target

pytestmark = pytest.mark.slow

# Written anew for each row, or by each warehouse in its own way.
NOT_COMPARED = (
    "_airbyte_raw_id",
    "_airbyte_extracted_at",
    "_airbyte_generation_id",
    "updated",
)


def plain(row):
    """A row with JSON read, so that the order of keys and blanks do not count."""
    found = {}
    for name, value in row.items():
        if isinstance(value, str) and value[:1] in ("{", "["):
            value = json.loads(value)
        if name not in NOT_COMPARED:
            found[name] = value
    return found


def test_a_sync_fills_postgres_as_it_fills_duckdb(postgres, tmp_path, capsys):
    with a_warehouse(tmp_path, postgres.new_database()) as warehouse:
        assert warehouse.sync("--streams", *STREAMS, "refunds") == 0
        warehouse.assert_true((*STREAMS, "refunds"))
        first = warehouse.last_sync()
        warehouse.world.advance(7)
        assert warehouse.sync("--streams", *STREAMS, "refunds") == 0
        warehouse.assert_true((*STREAMS, "refunds"))
        assert 0 < warehouse.last_sync()["record_count"] < first["record_count"] / 2

        other = type(warehouse)(warehouse.world, f"duckdb:///{tmp_path / 'other.duckdb'}")
        assert other.sync("--streams", *STREAMS, "refunds") == 0
        for stream in (*STREAMS, "refunds"):
            query = f"select * from stripe_raw.{stream} order by id"
            known = {row["id"] for row in other.rows(query)}
            ours = [row for row in warehouse.rows(query) if row["id"] in known]
            assert [plain(row) for row in ours] == [plain(row) for row in other.rows(query)], stream
    said = capsys.readouterr()
    assert PASSWORD not in said.out + said.err


def test_a_full_sync_deletes_what_is_gone_from_postgres_too(postgres, tmp_path):
    with a_warehouse(tmp_path, postgres.new_database()) as warehouse:
        assert warehouse.sync("--streams", "customers") == 0
        # Somebody's view on a table must not keep it from being refilled.
        warehouse.execute("create view seen as select * from stripe_raw.customers")
        warehouse.execute(
            "insert into stripe_raw.customers (id, _airbyte_extracted_at) "
            "values ('gone', timestamp '2020-01-01 00:00:00')"
        )
        assert warehouse.sync("--streams", "customers", "--full") == 0
        warehouse.assert_true(("customers",))


def test_a_wrong_password_is_told_without_being_shown(postgres, tmp_path, capsys):
    address = postgres.address("postgres").replace("%20%251", "-wrong")
    with a_warehouse(tmp_path, address) as warehouse:
        assert warehouse.sync("--streams", "account") == 1
    said = capsys.readouterr()
    assert "cannot be reached" in said.err
    assert "password authentication failed" in said.err
    assert "-wrong" not in said.out + said.err
    assert "p@ss" not in said.out + said.err


def test_a_user_without_rights_is_told_what_is_refused(postgres, tmp_path, capsys):
    address = postgres.new_database()
    with connected(parse_target(address)) as database:
        database.execute("create role poor login password 'poor-secret'")
    poor = address.replace(address[len("postgres://") : address.index("@")], "poor:poor-secret")
    with a_warehouse(tmp_path, poor) as warehouse:
        assert warehouse.sync("--streams", "account") == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "permission denied for database" in line
    assert "poor-secret" not in line


def test_schemas_that_an_administrator_made_need_no_right_to_create_more(
    postgres, tmp_path, capsys
):
    address = postgres.new_database()
    with connected(parse_target(address)) as database:
        database.execute("create role loader login password 'loader-secret'")
        database.execute("create schema stripe_raw authorization loader")
    loader = address.replace(
        address[len("postgres://") : address.index("@")], "loader:loader-secret"
    )
    with a_warehouse(tmp_path, loader) as warehouse:
        assert warehouse.sync("--streams", "customers") == 0, capsys.readouterr().err
        warehouse.assert_true(("customers",))


def test_a_database_in_latin1_holds_its_own_characters_and_keeps_others_apart(postgres, tmp_path):
    with connected(parse_target(postgres.new_database())) as database:
        database.execute("create database western encoding 'LATIN1' locale 'C' template template0")
    with connected(parse_target(postgres.address("western"))) as database:
        sync = Sync(database, tmp_path, "customers")
        sync.record("customers", "cus_1", name="Zürich")
        sync.record("customers", "cus_2", name="日本", description="Genève")
        sync.complete("customers")
        assert database.select(
            "select id, name, description from stripe_raw.customers order by id"
        ) == [("cus_1", "Zürich", None), ("cus_2", None, "Genève")]
        assert database.select(
            "select record_key, column_name, value from stripe_raw._stripe_saas_rejects"
        ) == [("cus_2", "name", r'"\u65e5\u672c"')]
        # What the database itself has is one byte a character, not mojibake of two.
        assert database.select(
            "select octet_length(convert_to(name, 'LATIN1')) from stripe_raw.customers "
            "where id = 'cus_1'"
        ) == [(6,)]
