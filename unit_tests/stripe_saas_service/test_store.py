"""The store on SQLite; integration_tests/service has the same on Postgres."""

import stat
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import text

from stripe_saas_service.store.store import Store
from stripe_saas_service.store.tables import Company, Person


@pytest.fixture
def store(service):
    return service.store


def test_only_the_user_may_read_the_folder_and_the_files_in_it(settings, service):
    paths = [settings.folder.root, *settings.folder.root.rglob("*")]
    assert {each.name for each in paths} >= {"data", "keys", "vault.keys", "store.sqlite"}
    assert [each for each in paths if stat.S_IMODE(each.stat().st_mode) & 0o077] == []


def test_a_moment_comes_back_in_utc_and_one_without_time_zone_is_refused(store):
    east = timezone(timedelta(hours=2))
    with store.writing() as session:
        row = Company(name="Acme", mode="live", created_at=datetime(2026, 5, 1, 12, tzinfo=east))
        session.add(row)
    with store.reading() as session:
        assert session.get(Company, row.id).created_at.isoformat() == "2026-05-01T10:00:00+00:00"
    with pytest.raises(Exception, match="time zone"), store.writing() as session:
        session.add(Company(name="Acme", mode="live", created_at=datetime(2026, 5, 1)))  # noqa: DTZ001


def test_what_a_writing_session_did_counts_together_or_not_at_all(store):
    def fail():
        with store.writing() as session:
            session.add(Company(id="com_1", name="Acme", mode="live"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.reading() as session:
        assert session.get(Company, "com_1") is None


def test_writers_wait_for_each_other_and_readers_for_nobody(settings, store):
    other = Store(settings.store_url)
    with store.writing() as session:
        session.add(Company(id="com_1", name="Acme", mode="live"))
        session.flush()
        with other.reading() as reading:
            assert reading.get(Company, "com_1") is None
        with other.engine.connect() as connection:
            assert connection.execute(text("pragma journal_mode")).scalar() == "wal"
            assert connection.execute(text("pragma synchronous")).scalar() == 2
    other.close()


def test_two_people_cannot_have_one_address(store):
    with pytest.raises(Exception, match="UNIQUE"), store.writing() as session:
        session.add_all(
            Person(email="a@example.com", role="viewer", password_hash="") for _ in range(2)
        )


def test_an_error_of_the_store_shows_no_value(store):
    people = [Person(email="a@example.com", role="viewer", password_hash=f"pw{n}") for n in (1, 2)]
    with pytest.raises(Exception, match=r"(?s)^(?!.*pw\d).*UNIQUE"), store.writing() as session:
        session.add_all(people)
