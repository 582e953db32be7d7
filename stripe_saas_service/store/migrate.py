"""A store of any age -> one of today."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from stripe_saas_service.store.store import Store

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_KEY = 0x5_7219_E5AB
"""Any number that no other program locks in the same database."""


class StoreTooNew(Exception):
    """A newer version of the service has used the store; the text says what to do."""


def migrate(store: Store, revision: str = "head") -> None:
    """Brings the tables up to date; several processes may ask at once.

    Args:
        store: an empty one, or one of an older version.
        revision: how far.

    Raises:
        StoreTooNew: the store is of a newer version.
    """
    config = config_of()
    with store.changing() as connection:
        _wait_for_others(connection)
        _refuse_newer(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def config_of() -> Config:
    """Alembic's own configuration; there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def revision_of(store: Store) -> str | None:
    """The revision of a store's tables, None for an empty one."""
    with store.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _wait_for_others(connection: Connection) -> None:
    """On SQLite the transaction has the right to write already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})


def _refuse_newer(connection: Connection) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    known = {each.revision for each in ScriptDirectory.from_config(config_of()).walk_revisions()}
    if current is not None and current not in known:
        raise StoreTooNew(
            f"the store has the revision {current}, which this version does not know: install the "
            "version that wrote it, or restore a backup made before."
        )
