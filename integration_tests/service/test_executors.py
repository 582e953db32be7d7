"""Which processes of a store on Postgres are alive: those that hold the lock on their id."""

import pytest
from sqlalchemy import text

from integration_tests.postgres import a_postgres
from stripe_saas_service.store.store import Store
from stripe_saas_service.workflows.executors import Executors

pytestmark = pytest.mark.slow


@pytest.fixture
def stores():
    """Two processes' stores on one database."""
    with a_postgres() as address:
        made = [Store(address.replace("://", "+psycopg://", 1)) for _ in range(2)]
        yield made
        for store in made:
            store.close()


def test_a_process_is_alive_as_long_as_it_holds_its_lock(stores):
    first, second = map(Executors, stores)
    with first.deciding() as is_ours:
        assert is_ours
        with second.deciding() as is_its:
            assert not is_its, "one at a time"
    with second.deciding() as is_ours:
        assert is_ours
        assert second.is_alive(second.own)
        assert second.is_alive(first.own)
        assert not second.is_alive("of a process that has ended")
        first.close()
        assert not second.is_alive(first.own)
    with stores[0].engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        )
    with second.deciding() as is_ours:
        assert is_ours, "with another session"
    with first.deciding():
        assert first.is_alive(second.own)
    for each in (first, second):
        each.close()
