"""A DuckDB file -> the same content in a file without unused room.

DuckDB gives room of deleted rows back only in whole row groups, so that a file that small syncs
change grows with each of them. Copying it costs by its size; it is copied once it has grown by a
fifth since the last time.
"""

from __future__ import annotations

import os
import shutil
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from stripe_saas.warehouse.kinds.base import Orderly
from stripe_saas.warehouse.places import FILE_TABLE, RAW_SCHEMA
from stripe_saas.warehouse.stream_table import quoted

_GROWTH = 1.2
_TABLE = f"{RAW_SCHEMA}.{FILE_TABLE}"
_MEMORY = "192MB"
_FORMER = "former_content_of_the_file"

_CONTENT = """
    select 'table', schema_name, table_name from duckdb_tables()
    where database_name = ?
    union all select 'view', schema_name, view_name from duckdb_views()
    where database_name = ? and not internal
    union all select 'index', schema_name, index_name from duckdb_indexes()
    where database_name = ?
    union all select 'function', schema_name, function_name from duckdb_functions()
    where database_name = ? and not internal
    union all select 'sequence', schema_name, sequence_name from duckdb_sequences()
    where database_name = ?
    union all select 'type', schema_name, type_name from duckdb_types()
    where database_name = ? and not internal
    order by all"""


def compact(path: Path, orderly: Orderly) -> bool:
    """Copies the file if it has grown by a fifth since the last copy.

    Nothing is done, and no error raised, where it cannot be copied: the file is whole as it is.

    Args:
        path: of the file; no connection of this process may be open, and the right to write held.
        orderly: for the part that a signal may interrupt.

    Returns:
        True if there is a new file in its place.
    """
    import duckdb

    file = path.resolve()
    folder = folder_of_copy(file)
    with suppress(OSError, duckdb.Error):
        remove_abandoned(path)
        if not _has_grown(file):
            return False
        folder.mkdir(mode=0o700)
        try:
            # Under the same name, by which the SQL of views calls it.
            with closing(duckdb.connect(str(folder / file.name))) as connection:
                # A signal ends the copying; the part itself is as short as the file is small.
                with orderly(connection.interrupt):
                    is_same = _copied(connection, file)
                if is_same:
                    shutil.copymode(file, folder / file.name)
                    # The old file is still open here, which keeps others from writing into it.
                    os.replace(folder / file.name, file)
                return is_same
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return False


def folder_of_copy(file: Path) -> Path:
    """The folder beside the file in which its copy is made."""
    return file.with_name(f".{file.name}.copy")


def remove_abandoned(path: Path) -> None:
    """Removes what a killed process left of a copy; the right to write must be held."""
    shutil.rmtree(folder_of_copy(path.resolve()), ignore_errors=True)


def _has_grown(file: Path) -> bool:
    """True if it is worth copying, and can be."""
    import duckdb

    status = file.stat()
    if status.st_nlink > 1 or file.with_name(file.name + ".wal").exists():
        return False
    with closing(duckdb.connect(str(file), read_only=True)) as connection:
        try:
            row = connection.execute(f"select max(compact_bytes) from {_TABLE}").fetchone()
        except duckdb.CatalogException:
            row = None
    return row is None or row[0] is None or status.st_size > _GROWTH * row[0]


def _copied(connection: Any, file: Path) -> bool:
    """Copies all content; True if all of it is there."""
    connection.execute(f"set memory_limit = '{_MEMORY}'")
    connection.execute("set threads = 1")
    connection.execute("set preserve_insertion_order = true")
    [name] = connection.execute("select current_database()").fetchone()
    address = "'" + str(file).replace("'", "''") + "'"
    connection.execute(f"attach {address} as {_FORMER} (read_only)")
    connection.execute(f"copy from database {_FORMER} to {quoted(name)}")
    if _content(connection, name) != _content(connection, _FORMER):
        return False
    connection.execute(f"create schema if not exists {RAW_SCHEMA}")
    connection.execute(f"create or replace table {_TABLE} (compact_bytes bigint)")
    connection.execute("checkpoint")
    size = (folder_of_copy(file) / file.name).stat().st_size
    connection.execute(f"insert into {_TABLE} values (?)", [size])
    connection.execute("checkpoint")
    return True


def _content(connection: Any, database: str) -> list[tuple[Any, ...]]:
    """What a database holds: names, and of tables the number of rows."""
    found = connection.execute(_CONTENT, [database] * _CONTENT.count("?")).fetchall()
    return [
        (*each, _count(connection, database, *each[1:]) if each[0] == "table" else None)
        for each in found
    ]


def _count(connection: Any, *names: str) -> int:
    table = ".".join(quoted(name) for name in names)
    [count] = connection.execute(f"select count(*) from {table}").fetchone()
    return int(count)
