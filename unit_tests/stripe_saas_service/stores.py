"""Stores of any revision, filled with a row in every table."""

from datetime import datetime, timezone

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from stripe_saas_service.store.migrate import config_of
from stripe_saas_service.store.tables import Base

_SCRIPTS = ScriptDirectory.from_config(config_of())
REVISIONS = sorted(each.revision for each in _SCRIPTS.walk_revisions())

_VALUES = {
    sa.Integer: 1,
    sa.Boolean: True,
    sa.LargeBinary: b"\x00\x01",
    sa.JSON: {"a": [1, None]},
    sa.DateTime: datetime(2026, 5, 1, 10, tzinfo=timezone.utc),
}


def differences(store):
    """What a migration to the tables that the code knows would still change."""
    with store.engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)


def filled(store):
    """Adds a row to every table, whatever the revision; the rows of all tables."""
    found = _reflected(store)
    with store.changing() as connection:
        for table in found.sorted_tables:
            if table.name != "alembic_version":
                row = {column.name: _value(column) for column in table.columns}
                connection.execute(table.insert(), row)
    return rows_of(store)


def rows_of(store):
    """Table -> its rows."""
    found = _reflected(store)
    with store.engine.connect() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
            for table in found.sorted_tables
            if table.name != "alembic_version"
        }


def _reflected(store):
    metadata = sa.MetaData()
    metadata.reflect(store.engine)
    return metadata


def _value(column):
    """Of the column's kind; the same text everywhere, so that rows refer to each other."""
    for kind, value in _VALUES.items():
        if isinstance(column.type, kind):
            return value
    return "one"
