"""dbt by `stripe-saas models`: a profile without a password, results in words."""

import os

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
