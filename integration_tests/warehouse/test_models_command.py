"""dbt by `stripe-saas models`: a profile without a password, results in words."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from integration_tests.warehouse.postgres import PASSWORD
from stripe_saas.warehouse.database import connected
from stripe_saas.warehouse.models import build_models, profile_of, told_problems
from stripe_saas.warehouse.target import parse_target

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path):
    """The smallest project that has a model and a test."""
    folder = tmp_path / "project"
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(
        'name: tiny\nversion: "1.0.0"\nprofile: stripe_saas\nvars: {number: 1}\n'
    )
    (folder / "models" / "one.sql").write_text("select {{ var('number') }} as number")
    (folder / "models" / "one.yml").write_text(
        "models: [{name: one, columns: [{name: number, data_tests: "
        "[{accepted_values: {arguments: {values: [1, 2], quote: false}}}]}]}]"
    )
    return folder


def test_models_are_built_in_postgres_by_a_profile_without_the_password(postgres, project):
    target = parse_target(postgres.new_database())
    assert PASSWORD not in yaml.safe_dump(profile_of(target))
    seen = []
    result = build_models(
        target, variables={"number": 2}, project=project, watch=lambda *at: seen.append(at)
    )
    assert result.is_good, result
    assert seen == [(1, 2), (2, 2)]
    with connected(target) as database:
        assert database.rows("select number from stripe_marts.one") == [{"number": 2}]
    assert not any(PASSWORD in value for value in os.environ.values())


def test_a_failing_test_is_told_in_words(project, tmp_path):
    target = parse_target(str(tmp_path / "w.duckdb"))
    result = build_models(target, variables={"number": 3}, project=project)
    assert not result.is_good
    assert result.done == 1
    assert "Failure in test accepted_values_one_number" in told_problems(result)[0]


def test_a_project_that_cannot_be_read_is_told(project, tmp_path):
    (project / "models" / "one.sql").write_text("select {{ nothing")
    result = build_models(parse_target(str(tmp_path / "w.duckdb")), project=project)
    assert not result.is_good
    assert result.problems


LONG = """{{ config(materialized="table") }}
select sum(hash(a.range * b.range)) as n from range(1000000) as a, range(1000000) as b
"""
PARENT = """
import sys
from pathlib import Path
from stripe_saas.warehouse.models import build_models
from stripe_saas.warehouse.target import parse_target
build_models(parse_target(sys.argv[1]), project=Path(sys.argv[2]))
"""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc here")
def test_dbt_ends_with_its_parent_that_was_killed(project, tmp_path):
    (project / "models" / "one.sql").write_text(LONG)
    command = [sys.executable, "-c", PARENT, str(tmp_path / "w.duckdb"), str(project)]
    parent = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(tmp_path)})
    try:
        # Not sooner: dbt would end by what it cannot say to anyone any more.
        wait_until(lambda: re.search(r"create\s+table", logged(tmp_path)))
        time.sleep(2)
        [dbt] = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: has_ended(dbt))


def logged(folder):
    return "".join(path.read_text() for path in folder.glob("*/files/dbt.log"))


def has_ended(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_until(is_so):
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.1)
