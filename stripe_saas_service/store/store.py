"""An address -> the store: sessions to read and to write in, on SQLite or Postgres."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session

from stripe_saas_service.data_folder import touch_private

_BUSY_SECONDS = 30
_WRITES = "stripe_saas_writes"


class Store:
    """The store of one process; safe to use from many threads."""

    def __init__(self, url: str) -> None:
        """Connects when it is first asked.

        Args:
            url: an address for SQLAlchemy.
        """
        self.url = make_url(url)
        self.engine = _engine(url)
        self._for_writing = self.engine.execution_options(**{_WRITES: True})

    @property
    def is_sqlite(self) -> bool:
        """True for a file of SQLite."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session whose changes are thrown away; what it loaded stays usable after it."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes count together in its end, or not at all.

        On SQLite one at a time: it takes the right to write in its beginning, as a transaction
        that finds out later that it must write could not go on.
        """
        with Session(self._for_writing, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """A transaction without objects, such as one that changes tables."""
        with self._for_writing.begin() as connection:
            yield connection

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    """Its errors name no values: they get into logs, and values may be secret."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(
            url, pool_pre_ping=True, pool_size=10, max_overflow=20, hide_parameters=True
        )
    touch_private(Path(str(make_url(url).database)))
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver's own way to begin transactions is switched off; `begin` below does it.
        connection.isolation_level = None
        for setting in ("journal_mode = wal", "synchronous = full", "foreign_keys = on"):
            connection.execute(f"pragma {setting}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("begin immediate" if writes else "begin")

    return engine
