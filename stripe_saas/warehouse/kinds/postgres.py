"""Postgres: COPY into a temporary table, one upsert, and an advisory lock."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, cast

from stripe_saas.warehouse.batch import Batch
from stripe_saas.warehouse.columns import ColumnKind
from stripe_saas.warehouse.kinds.base import (
    LOST_LOCK,
    Kind,
    Session,
    WarehouseError,
    WriterLock,
    first_line,
    refusal,
)
from stripe_saas.warehouse.places import EXTRA_COLUMN, GENERATION_COLUMN, RAW_SCHEMA
from stripe_saas.warehouse.records import NUMBER_FIELD
from stripe_saas.warehouse.stream_table import (
    EXTRACTED_AT,
    META,
    OWN_COLUMNS,
    StreamTable,
    listed,
    quoted,
)
from stripe_saas.warehouse.target import Target

_LOCK_KEY = 0x5_7219_E5AA
"""Any number that no other program locks in the same database."""

_COPY = "copy incoming from stdin (format csv, quote e'\\x01', delimiter e'\\x02')"
"""JSON never holds these two bytes, so each line is one value as it is."""
_COPY_BYTES = 256 * 1024

_KEPT_ALIVE = {
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "connect_timeout": "30",
}
"""So that a connection that is gone is noticed; what the address says goes before these."""

_SETTINGS = (
    # The connection that holds the lock is idle for as long as a sync takes.
    ("idle_session_timeout", "0"),
    # Half the time of the default; servers that were built without it refuse.
    ("default_toast_compression", "lz4"),
)


class Postgres(Kind):
    """Tables in a Postgres database."""

    types: ClassVar[Mapping[ColumnKind, str]] = {
        ColumnKind.TEXT: "varchar",
        ColumnKind.INTEGER: "bigint",
        ColumnKind.NUMBER: "decimal(38, 9)",
        ColumnKind.BOOLEAN: "boolean",
        ColumnKind.JSON: "json",
    }

    @property
    def errors(self) -> type[Exception]:
        """All of psycopg's."""
        import psycopg

        return psycopg.Error

    def connect(self, target: Target, *, read_only: bool) -> Any:
        """Connects, in UTF-8 whatever the database's own encoding is."""
        import psycopg

        said = {name for name, _ in target.options}
        options: dict[str, Any] = {
            name: value for name, value in _KEPT_ALIVE.items() if name not in said
        }
        try:
            connection = psycopg.connect(
                target.postgres_url,
                autocommit=True,
                prepare_threshold=None,
                client_encoding="utf8",
                **options,
            )
        except psycopg.Error as error:
            raise WarehouseError(f"{target} cannot be reached: {first_line(error)}") from None
        settings = [*_SETTINGS]
        if read_only:
            settings.append(("default_transaction_read_only", "on"))
        for name, value in settings:
            with suppress(psycopg.Error):
                connection.execute("select set_config(%s, %s, false)", (name, value))
        return connection

    def cursor(self, connection: Any) -> AbstractContextManager[Any]:
        """A cursor of psycopg's."""
        return cast(AbstractContextManager[Any], connection.cursor())

    def prepare(self, session: Session, folder: Path) -> None:
        """Nothing: the server has memory and files of its own."""

    def statement(self, sql: str) -> str:
        """With `%s` for each `?`."""
        return sql.replace("%", "%%").replace("?", "%s")

    def interrupt(self, connection: Any) -> None:
        """Asks the server to cancel."""
        with suppress(self.errors):
            connection.cancel_safe(timeout=5)

    @contextmanager
    def writer_lock(self, target: Target) -> Iterator[WriterLock]:
        """An advisory lock of a session that does nothing else."""
        with self.connect(target, read_only=False) as connection:
            row = connection.execute(
                "select pg_try_advisory_lock(%s), pg_backend_pid()", (_LOCK_KEY,)
            ).fetchone()
            if not row[0]:
                raise refusal(target)
            yield _AdvisoryLock(row[1])

    def can_hold(self, session: Session) -> Callable[[str], bool] | None:
        """By the encoding of the database."""
        [row] = session.rows("show server_encoding")
        name = str(row["server_encoding"])
        if name in ("UTF8", "SQL_ASCII"):
            return None
        try:
            codec = codecs.lookup(name.replace("WIN", "cp"))
        except LookupError:
            raise WarehouseError(
                f"the database's encoding {name} is not supported: make one in UTF8."
            ) from None
        return lambda text: _is_encodable(text, codec)

    def make_findable(self, session: Session, table: StreamTable) -> None:
        """A unique index on the key."""
        index = f"{table.name[:50]}_stripe_key"
        if session.rows(
            "select 1 from pg_indexes where schemaname = ? and indexname = ?", RAW_SCHEMA, index
        ):
            return
        key = listed(table.key)
        # An older loader left an index that is not unique, and might have left a key twice.
        session.execute(f"drop index if exists {RAW_SCHEMA}.{quoted(f'{table.name[:55]}_keys')}")
        order = "updated desc nulls last, " if table.has_updated else ""
        session.execute(
            f"delete from {table.full_name} where ctid in (select ctid from (select ctid, "
            f"row_number() over (partition by {key} order by {order}"
            f"{quoted(EXTRACTED_AT)} desc nulls last, ctid desc) as place "
            f"from {table.full_name}) numbered where place > 1)"
        )
        session.execute(f"create unique index {quoted(index)} on {table.full_name} ({key})")

    def merge(self, session: Session, table: StreamTable, batch: Batch, generation: int) -> None:
        """Copies the lines as they are, and has the server take them apart."""
        session.execute("create temp table incoming (line json) on commit drop")
        self._copy(session, batch.path)
        read = {name: self.types[kind] for name, kind in table.columns.items()}
        read |= {EXTRA_COLUMN: "json", META: "json"}
        read |= {NUMBER_FIELD: "bigint", EXTRACTED_AT: "bigint"}
        fields = ", ".join(f"{quoted(name)} {kind}" for name, kind in read.items())
        columns = [*table.columns, *OWN_COLUMNS]
        updates = ", ".join(f"{quoted(each)} = excluded.{quoted(each)}" for each in columns)
        newer = ""
        if table.has_updated:
            generations = quoted(GENERATION_COLUMN)
            newer = (
                f" where old.{generations} is distinct from excluded.{generations} "
                "or (old.updated > excluded.updated) is not true"
            )
        where, parameters = "", [generation]
        if batch.superseded:
            where = f" where not ({quoted(NUMBER_FIELD)} = any(?))"
        session.execute(
            f"insert into {table.full_name} as old ({listed(columns)}) "
            f"select {listed(table.columns)}, {quoted(EXTRA_COLUMN)}, "
            "cast(gen_random_uuid() as varchar), "
            f"to_timestamp({quoted(EXTRACTED_AT)} / 1000.0) at time zone 'UTC', "
            f"coalesce({quoted(META)}, '{{}}'), cast(? as bigint) "
            f"from incoming, json_to_record(line) as made ({fields}){where} "
            f"on conflict ({listed(table.key)}) do update set {updates}{newer}",
            *parameters,
            *([batch.superseded] if batch.superseded else []),
        )

    def _copy(self, session: Session, path: Path) -> None:
        try:
            with (
                path.open("rb") as file,
                session.connection.cursor() as cursor,
                cursor.copy(_COPY) as copy,
            ):
                while content := file.read(_COPY_BYTES):
                    copy.write(content)
        except self.errors as error:
            raise WarehouseError(f"the warehouse refused: {first_line(error)}") from error


class _AdvisoryLock:
    """An advisory lock that a backend of the server holds."""

    def __init__(self, backend: int) -> None:
        self._backend = backend

    def check(self, session: Session) -> None:
        """Looks on the server, in the transaction that is about to be committed."""
        if not session.rows(
            "select 1 from pg_locks where locktype = 'advisory' and granted and pid = ? "
            "and classid = ? and objid = ? and objsubid = 1 "
            "and database = (select oid from pg_database where datname = current_database())",
            self._backend,
            _LOCK_KEY >> 32,
            _LOCK_KEY & 0xFFFF_FFFF,
        ):
            raise WarehouseError(LOST_LOCK)


def _is_encodable(text: str, codec: codecs.CodecInfo) -> bool:
    try:
        codec.encode(text)
    except UnicodeEncodeError:
        return False
    return True
