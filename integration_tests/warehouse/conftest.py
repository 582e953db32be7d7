import pytest

from integration_tests.warehouse.postgres import running_postgres


@pytest.fixture(scope="session")
def postgres():
    with running_postgres() as server:
        yield server
