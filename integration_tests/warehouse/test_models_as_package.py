"""The dbt project as a package of another project, on tables that another loader wrote.

Its unit tests are run here, as a user of the package runs them.
"""

from __future__ import annotations

import shutil
import subprocess

import duckdb
import pytest
import yaml

from integration_tests.warehouse.building import PROJECT, duckdb_profile, run_dbt
from integration_tests.warehouse.handmade import Handmade, life

pytestmark = pytest.mark.slow

UNIT = "package:stripe_saas,test_type:unit"
FRESHNESS = """
{% macro collect_freshness(source, loaded_at_field, filter=none) %}
  {{ return(stripe_saas.collect_freshness(source, loaded_at_field, filter)) }}
{% endmacro %}
"""


def repository(folder):
    """A bare repository in which the package lies where it does in this one, under a tag."""
    work, bare = folder / "work", folder / "package.git"
    ignored = shutil.ignore_patterns("target", "logs", "dbt_packages")
    shutil.copytree(PROJECT, work / "stripe_saas" / "dbt", ignore=ignored)
    for command in (
        ("init", "--quiet"),
        ("add", "."),
        ("-c", "user.name=Ada", "-c", "user.email=ada", "commit", "--quiet", "-m", "One"),
        ("tag", "v1"),
        ("clone", "--quiet", "--bare", ".", str(bare)),
    ):
        subprocess.run(["git", *command], cwd=work, check=True)
    return bare


@pytest.fixture
def theirs(tmp_path):
    """A project that installs the package from git, as docs/marts.md says."""
    folder = tmp_path / "theirs"
    (folder / "macros").mkdir(parents=True)
    (folder / "macros" / "collect_freshness.sql").write_text(FRESHNESS, encoding="utf-8")
    settings = {
        "name": "theirs",
        "version": "1.0.0",
        "profile": "stripe_saas",
        "vars": {
            "stripe_saas": {
                "stripe_schema": "airbyte",
                "stripe_tables": {"subscription_events": "stripe_subscription_events"},
            }
        },
    }
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    package = {"git": f"file://{repository(tmp_path)}", "subdirectory": "stripe_saas/dbt"}
    packages = {"packages": [{**package, "revision": "v1"}]}
    (folder / "packages.yml").write_text(yaml.safe_dump(packages), encoding="utf-8")
    return folder


def test_another_project_builds_the_models_on_tables_that_only_grow(theirs, tmp_path):
    rows = life("s1", "cus_1", ("2026-01-05", "activated", 1000), ("2026-02-10", "upgraded", 1500))
    made = Handmade(tmp_path, {"subscription_events": rows}, "2026-02-28")
    made.execute(
        "create schema airbyte",
        # Moments with a zone, text for JSON, each row twice, and no log of syncs.
        "create table airbyte.stripe_subscription_events as select * replace ("
        "cast(occurred_at as timestamptz) as occurred_at, mrr_after + 7 as mrr_after, "
        "timestamptz '2026-02-27 00:00:00+00' as _airbyte_extracted_at) "
        "from stripe_raw.subscription_events",
        "insert into airbyte.stripe_subscription_events select * replace ("
        "cast(occurred_at as timestamptz) as occurred_at, "
        "timestamptz '2026-02-28 00:00:00+00' as _airbyte_extracted_at) "
        "from stripe_raw.subscription_events",
        "drop schema stripe_raw cascade",
    )
    output = duckdb_profile(made.file, "analytics")
    run_dbt(tmp_path / "dbt", output, ("deps",), project=theirs)
    result = run_dbt(tmp_path / "dbt", output, project=theirs)
    assert result.success, result.bad
    assert not result.bad
    with duckdb.connect(str(made.file), read_only=True) as connection:
        months = connection.execute(
            "select strftime(date_month, '%Y-%m'), opening_minor, new_minor, expansion_minor, "
            "closing_minor from analytics.mrr_monthly order by 1"
        ).fetchall()
    assert months == [("2026-01", 0, 1000, 0, 1000), ("2026-02", 1000, 0, 500, 1500)]
    units = run_dbt(tmp_path / "dbt", output, ("test", "--select", UNIT), project=theirs)
    assert units.success, units.bad
    assert sum(name.startswith("unit_test.stripe_saas.") for name in units.statuses) == 4
    fresh = run_dbt(tmp_path / "dbt", output, ("source", "freshness"), project=theirs)
    assert fresh.success, fresh.bad
    assert sum(name.startswith("source.") for name in fresh.statuses) == 20
