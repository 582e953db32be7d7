"""The dbt project as it is written: nothing in it asks for the time, and all of it is shipped."""

import re
from pathlib import Path

import stripe_saas
from stripe_saas.warehouse.catalog import WANTED

PROJECT = Path(stripe_saas.__file__).parent / "dbt"
CLOCKS = re.compile(
    r"current_timestamp|current_date|current_time\b|\bnow\(|getdate|sysdate|run_started_at|today\(",
    re.IGNORECASE,
)


def test_no_model_test_or_macro_asks_for_the_time():
    files = [path for kind in ("*.sql", "*.yml") for path in PROJECT.rglob(kind)]
    assert len(files) > 60
    asking = [path.name for path in files if CLOCKS.search(path.read_text(encoding="utf-8"))]
    assert not asking


def test_json_is_read_by_the_macros_alone():
    readers = re.compile(r"->>|#>>|json_extract|json_value|get_json_object|jsonb")
    for path in (PROJECT / "models").rglob("*.sql"):
        assert not readers.search(path.read_text(encoding="utf-8")), path.name


def test_every_warehouse_has_a_macro_for_reading_json():
    text = "".join(
        (PROJECT / "macros" / name).read_text(encoding="utf-8")
        for name in ("json_text.sql", "json_elements.sql")
    )
    for adapter in ("duckdb", "postgres", "snowflake", "bigquery", "spark", "redshift"):
        for macro in ("json_text", "json_elements"):
            # Databricks takes Spark's.
            assert f"macro {adapter}__{macro}(" in text


def test_no_step_before_the_marts_reads_a_mart():
    marts = {path.stem for path in (PROJECT / "models" / "marts").glob("*.sql")}
    steps = [*(PROJECT / "models").glob("[si]*/*.sql"), *(PROJECT / "macros").glob("*.sql")]
    assert len(marts) > 20
    assert len(steps) > 50
    for path in steps:
        read = set(re.findall(r"ref\(\s*\"(\w+)\"", path.read_text(encoding="utf-8")))
        assert not read & marts, path.name


def test_every_mart_ends_with_the_account_of_its_rows():
    for path in (PROJECT / "models" / "marts").glob("*.sql"):
        last = path.read_text(encoding="utf-8").rstrip().rpartition("\n")[2]
        assert last.startswith("{{ stripe_saas.mart("), path.name


def test_every_model_opens_with_what_a_row_is():
    for path in (PROJECT / "models").rglob("*.sql"):
        assert path.read_text(encoding="utf-8").startswith("-- One row"), path.name


def test_a_usual_sync_brings_what_is_read():
    models = "".join(path.read_text("utf-8") for path in (PROJECT / "models").rglob("*.sql"))
    read = set(re.findall(r"raw_stream\(\s*\"(\w+)\"", models))
    # `stripe-saas compare` works prorations out again from invoice items.
    assert {*read, "invoice_items"} == set(WANTED)
