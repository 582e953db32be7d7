"""`stripe-saas verify` on tables that PyAirbyte made, in DuckDB and in Postgres."""

import shutil

import duckdb
import psycopg2
import pytest

from integration_tests.connector import CONSOLE_SCRIPT
from integration_tests.postgres import a_postgres, postgres_programs
from integration_tests.world import a_world
from stripe_saas.cli import run

TINY = {"customers": 12, "months": 4}
STREAMS = [
    "customers",
    "subscriptions",
    "subscription_items",
    "invoices",
    "invoice_line_items",
    "coupons",
    "payouts",
    "payout_balance_transactions",
    "quotes",
    "events",
]
CLEAN = "nothing missing, extra or stale"

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


@pytest.fixture(scope="module")
def airbyte(tmp_path_factory):
    """The package, told to keep to this machine and to a folder of its own before it is loaded."""
    folder = tmp_path_factory.mktemp("airbyte")
    with pytest.MonkeyPatch.context() as patched:
        for name, value in {
            "DO_NOT_TRACK": "1",
            "AIRBYTE_OFFLINE_MODE": "1",
            "AIRBYTE_PROJECT_DIR": folder,
            "AIRBYTE_CACHE_ROOT": folder / "cache",
            "AIRBYTE_TEMP_DIR": folder,
            "AIRBYTE_LOGGING_ROOT": folder / "logs",
            "NO_LIVE_PROGRESS": "1",
        }.items():
            patched.setenv(name, str(value))
        import airbyte

        yield airbyte


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("world"), **TINY) as made:
        yield made


@pytest.fixture(scope="module")
def filled(airbyte, world, tmp_path_factory):
    """A file of tables that PyAirbyte made."""
    path = tmp_path_factory.mktemp("filled") / "stripe.duckdb"
    cache = airbyte.DuckDBCache(db_path=path, schema_name="stripe_raw")
    source = airbyte.get_source(
        "source-stripe-saas",
        config=world.connector.config,
        local_executable=CONSOLE_SCRIPT,
        streams=STREAMS,
    )
    source.read(cache=cache)
    cache.processor.sql_config.dispose_engine()
    return path


@pytest.fixture
def in_duckdb(filled, tmp_path):
    """(address, runs a statement) of a copy of it."""
    path = shutil.copy(filled, tmp_path)

    def execute(statement):
        with duckdb.connect(path) as connection:
            connection.execute(statement)

    return f"duckdb:///{path}", execute


@pytest.fixture
def in_postgres(filled):
    """The same of a server that has the same tables.

    PyAirbyte itself takes numbers in columns named `…_at` for dates on their way into Postgres.
    """
    with a_postgres() as address:

        def execute(statement, rows=None):
            connection = psycopg2.connect(address)
            with connection, connection.cursor() as cursor:
                if rows is None:
                    cursor.execute(statement)
                else:
                    cursor.executemany(statement, rows)
            connection.close()

        execute("create schema stripe_raw")
        with duckdb.connect(str(filled), read_only=True) as tables:
            for name in [*STREAMS, "_airbyte_state"]:
                columns = tables.execute(
                    "select column_name, data_type from information_schema.columns where "
                    "table_schema = 'stripe_raw' and table_name = ? order by ordinal_position",
                    [name],
                ).fetchall()
                kinds = ", ".join(f'"{column}" {kind}' for column, kind in columns)
                execute(f"create table stripe_raw.{name} ({kinds})")
                marks = ", ".join(["%s"] * len(columns))
                rows = tables.execute(f"select * from stripe_raw.{name}").fetchall()
                execute(f"insert into stripe_raw.{name} values ({marks})", rows)
        yield address, execute


@pytest.fixture(
    params=[
        "in_duckdb",
        pytest.param(
            "in_postgres",
            marks=pytest.mark.skipif(
                postgres_programs() is None, reason="Postgres is not installed here"
            ),
        ),
    ]
)
def warehouse(request):
    return request.getfixturevalue(request.param)


@pytest.mark.slow
def test_right_after_a_sync_nothing_is_to_tell_and_each_tampering_is_found(
    warehouse, world, capsys
):
    address, execute = warehouse
    config = world.connector.file(world.connector.config)

    def verify(*options):
        code = run(["verify", "--config", config, "--warehouse", address, "--all", *options])
        return code, capsys.readouterr().out

    code, text = verify()
    assert CLEAN in text, text
    assert f"of {len(STREAMS)} streams" in text
    assert code == 0

    truth = world.truth.counts()
    lost, touched = truth["invoices"]["ids"][:2]
    line = truth["invoice_line_items"]["ids"][0]
    execute(f"""delete from stripe_raw.invoices where id = '{lost}'""")
    execute(f"""update stripe_raw.invoices set total = total + 1 where id = '{touched}'""")
    execute(f"""update stripe_raw.invoice_line_items set metadata = '{{"x": "1"}}'
                where id = '{line}'""")
    execute("""insert into stripe_raw.customers (id, created, updated, is_deleted,
               _airbyte_raw_id, _airbyte_extracted_at, _airbyte_meta)
               select 'cus_made_up', created, updated, false, 'x', _airbyte_extracted_at, null
               from stripe_raw.customers limit 1""")
    code, text = verify()
    for said in (
        f"missing  invoices  {lost}\n",
        f"stale    invoices  {touched}: total\n",
        f"stale    invoice_line_items  {line}: metadata\n",
        "extra    customers  cus_made_up\n",
        "1 missing, 1 extra, 2 stale",
    ):
        assert said in text, text
    assert code == 1

    # In a table that is only appended to, the row with the latest `updated` counts.
    execute(f"""insert into stripe_raw.invoices
                select * from stripe_raw.invoices where id = '{touched}'""")
    execute(f"""update stripe_raw.invoices set updated = updated - 5, total = 1
                where id = '{truth["invoices"]["ids"][2]}'""")
    assert "1 missing, 1 extra, 3 stale" in verify()[1]
    assert run(["verify", "--config", config, "--warehouse", address, "--schema", "none"]) == 1
    assert "holds no stream" in capsys.readouterr().err
