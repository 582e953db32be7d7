"""Stores of every age come up to date on SQLite; integration_tests/service has Postgres."""

import pytest

from stripe_saas_service.store.migrate import StoreTooNew, migrate, revision_of
from stripe_saas_service.store.store import Store
from unit_tests.stripe_saas_service.stores import (
    REVISIONS,
    differences,
    filled,
    rows_of,
)


@pytest.fixture
def store(tmp_path):
    made = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield made
    made.close()


def test_an_empty_store_gets_the_tables_that_the_code_knows(store):
    assert revision_of(store) is None
    migrate(store)
    assert revision_of(store) == REVISIONS[-1]
    assert differences(store) == []
    migrate(store)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_filled_store_of_each_revision_comes_up_to_date_with_all_its_rows(store, revision):
    migrate(store, revision)
    before = filled(store)
    assert all(before.values())
    migrate(store)
    assert differences(store) == []
    after = rows_of(store)
    for table, rows in before.items():
        kept = [{name: row[name] for name in rows[0] if name in row} for row in after[table]]
        assert kept == rows


def test_a_store_of_a_newer_version_is_refused(store):
    migrate(store)
    with store.changing() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    with pytest.raises(StoreTooNew, match="9999"):
        migrate(store)
