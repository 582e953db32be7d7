"""DuckDB: a file, its own reader of JSON, and a lock file beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, ClassVar

from stripe_saas.warehouse.batch import Batch
from stripe_saas.warehouse.columns import ColumnKind
from stripe_saas.warehouse.kinds.base import (
    LOST_LOCK,
    Kind,
    Orderly,
    Session,
    WarehouseError,
    WriterLock,
    first_line,
    refusal,
)
from stripe_saas.warehouse.kinds.duckdb_file import compact, remove_abandoned
from stripe_saas.warehouse.places import EXTRA_COLUMN, GENERATION_COLUMN
from stripe_saas.warehouse.records import NUMBER_FIELD
from stripe_saas.warehouse.stream_table import (
    EXTRACTED_AT,
    META,
    OWN_COLUMNS,
    StreamTable,
    listed,
    quoted,
    same_key,
)
from stripe_saas.warehouse.target import Target

_MEMORY = "192MB"
_THREADS = 1
_LEAST_OBJECT_BYTES = 1024 * 1024

_TYPES: Mapping[ColumnKind, str] = {
    ColumnKind.TEXT: "varchar",
    ColumnKind.INTEGER: "bigint",
    ColumnKind.NUMBER: "decimal(38, 9)",
    ColumnKind.BOOLEAN: "boolean",
    ColumnKind.JSON: "json",
}


class DuckDB(Kind):
    """Tables in a DuckDB file."""

    types: ClassVar[Mapping[ColumnKind, str]] = _TYPES

    @property
    def errors(self) -> type[Exception]:
        """All of DuckDB's."""
        import duckdb

        return duckdb.Error

    def connect(self, target: Target, *, read_only: bool) -> Any:
        """Opens the file, which is made if there is none and the connection may write."""
        import duckdb

        path = target.path
        if read_only and not path.exists():
            raise WarehouseError(f"there is no file {path}.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WarehouseError(f"{path} cannot be written: {error.strerror}.") from None
        _refuse_other_files(path)
        try:
            return duckdb.connect(str(path), read_only=read_only)
        except duckdb.Error as error:
            raise WarehouseError(_not_opened(path, error)) from None

    def cursor(self, connection: Any) -> AbstractContextManager[Any]:
        """The connection itself: what DuckDB calls a cursor has transactions of its own."""
        return nullcontext(connection)

    def prepare(self, session: Session, folder: Path) -> None:
        """Bounds the memory; what does not fit goes into the folder."""
        session.execute(f"set memory_limit = '{_MEMORY}'")
        session.execute(f"set threads = {_THREADS}")
        session.execute(f"set temp_directory = {_text(str(folder / 'duckdb'))}")

    def statement(self, sql: str) -> str:
        """As it is."""
        return sql

    def interrupt(self, connection: Any) -> None:
        """Asks DuckDB to."""
        connection.interrupt()

    @contextmanager
    def writer_lock(self, target: Target) -> Iterator[WriterLock]:
        """A lock file: DuckDB's own lock is held only while a connection is open."""
        from filelock import FileLock, Timeout

        path = target.path.absolute().with_name(f".{target.path.name}.lock")
        lock = FileLock(path, timeout=0, mode=0o600)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            raise refusal(target) from None
        except OSError as error:
            raise WarehouseError(f"{target.path} cannot be written: {error.strerror}.") from None
        try:
            remove_abandoned(target.path)
            yield _LockFile(path)
        finally:
            lock.release()

    def can_hold(self, session: Session) -> Callable[[str], bool] | None:
        """All text there is."""
        return None

    def make_findable(self, session: Session, table: StreamTable) -> None:
        """Nothing: a column of keys is read as a whole faster than an index is kept."""

    def merge(self, session: Session, table: StreamTable, batch: Batch, generation: int) -> None:
        """Deletes the rows of these keys, and fills the table from the file."""
        keys = batch.keys
        columns = [f"unnest(?::varchar[]) as {quoted(name)}" for name in table.key]
        columns += ["unnest(?::bigint[]) as _updated", "unnest(?::bigint[]) as _number"]
        session.execute(
            f"create or replace temp table incoming as select {', '.join(columns)}",
            *([key[place] for key in keys] for place in range(len(table.key))),
            batch.updated,
            batch.numbers,
        )
        if session.rows(f"select 1 from {table.full_name} limit 1"):
            same = same_key("old", "new", table.key)
            if table.has_updated:
                session.execute(
                    f"delete from incoming as new using {table.full_name} as old where {same} and "
                    f"old.{quoted(GENERATION_COLUMN)} = ? and old.updated > new._updated",
                    generation,
                )
            session.execute(
                f"delete from {table.full_name} as old using incoming as new where {same}"
            )
        read = {name: _TYPES[kind] for name, kind in table.columns.items()}
        read |= {EXTRA_COLUMN: "json", META: "json"}
        read |= {NUMBER_FIELD: "bigint", EXTRACTED_AT: "bigint"}
        fields = ", ".join(f"{_text(name)}: {_text(kind)}" for name, kind in read.items())
        longest = max(batch.longest_bytes + 1, _LEAST_OBJECT_BYTES)
        session.execute(
            f"insert into {table.full_name} ({listed([*table.columns, *OWN_COLUMNS])}) "
            f"select {listed(table.columns)}, {quoted(EXTRA_COLUMN)}, cast(uuid() as varchar), "
            f"make_timestamp({quoted(EXTRACTED_AT)} * 1000), coalesce({quoted(META)}, '{{}}'), ? "
            f"from read_json({_text(str(batch.path))}, format = 'newline_delimited', "
            f"columns = {{{fields}}}, maximum_object_size = {longest}) "
            f"where {quoted(NUMBER_FIELD)} in (select _number from incoming)",
            generation,
        )
        session.execute("drop table incoming")

    def few_rows(self, relation: str, condition: str) -> str:
        """By their places, so that only the columns of the condition are read as a whole."""
        places = f"select rowid from {relation} where {condition}"
        return f"select * from {relation} where rowid in ({places})"

    def tidy(self, target: Target, orderly: Orderly) -> None:
        """Copies a file that has grown."""
        compact(target.path, orderly)


class _LockFile:
    """A lock file that is held."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.stat().st_ino

    def check(self, session: Session) -> None:
        """A file that was taken away locks nobody out: the next process makes another."""
        with suppress(OSError):
            if self._path.stat().st_ino == self._file:
                return
        raise WarehouseError(LOST_LOCK)


def _refuse_other_files(path: Path) -> None:
    """DuckDB would look on the network for what reads a file of another kind."""
    with suppress(OSError), path.open("rb") as file:
        head = file.read(12)
        if head and head[8:] != b"DUCK":
            raise WarehouseError(f"{path} is not a DuckDB file.")


def _not_opened(path: Path, error: Exception) -> str:
    said = first_line(error)
    if "Could not set lock" in said or "being used by another process" in said:
        return (
            f"{path} is in use by another process, perhaps by a sync: DuckDB lets one process "
            "write, or several read. Try again when it has ended."
        )
    if any(word in said.lower() for word in ("corrupt", "checksum", "serializ", "deserializ")):
        return f"{path} is damaged: {said}"
    return f"{path} cannot be opened: {said}"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
