import pytest

from integration_tests.warehouse.loader.one_sync import Sync
from stripe_saas.warehouse.database import connected
from stripe_saas.warehouse.target import parse_target


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
