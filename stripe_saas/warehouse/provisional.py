"""Rows that a delivery made us read, in the streams' tables until the next sync settles them.

What they replace is kept beside, in a schema of its own, and the next sync begins by putting it
back: what comes out of a sync is the same whether anything was delivered before or not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from source_stripe_saas.config import resources
from source_stripe_saas.streams.account_states import is_unfinished
from source_stripe_saas.streams.plan import StreamPlan
from stripe_saas.protocol_files.messages import RecordLine, messages_and_records_in
from stripe_saas.warehouse.batch import Batch
from stripe_saas.warehouse.books import Books
from stripe_saas.warehouse.changes import Changes
from stripe_saas.warehouse.database import Database, WriterLock
from stripe_saas.warehouse.places import PROVISIONAL_SCHEMA, RAW_SCHEMA, STREAMS_TABLE
from stripe_saas.warehouse.records import RecordFormat
from stripe_saas.warehouse.stream_table import StreamTable, listed, quoted, same_key
from stripe_saas.warehouse.tables import prepare_tables

_WAS_THERE = "_stripe_saas_was_there"
_KEY = "_stripe_saas_key_"
"""Precedes the key's columns in what is kept: all that there is of a row that was not there."""


def settled_streams(database: Database, plans: Mapping[str, StreamPlan]) -> list[str]:
    """The streams of objects that a sync has read to their end: what is delivered can add to them.

    Args:
        database: the warehouse.
        plans: all streams.
    """
    if not database.has_table(RAW_SCHEMA, STREAMS_TABLE):
        return []
    with database.transaction():
        books = Books(database)
        states = books.states()
    return [
        name
        for name, note in books.notes.items()
        if name in plans
        and name in states
        and not plans[name].derived
        and not note.is_read_whole
        and not note.account_reads
        and not _is_unfinished(states[name])
    ]


def write_provisional(
    database: Database,
    lock: WriterLock,
    folder: Path,
    plans: Mapping[str, StreamPlan],
    lines: Iterable[bytes],
) -> int:
    """Puts records into the tables, and keeps what they replace.

    Of two contents of one object the later one by Stripe's time stays.

    Args:
        database: the warehouse.
        lock: the right to write.
        folder: for files on their way.
        plans: all streams.
        lines: RECORD messages.

    Returns:
        How many rows came.

    Raises:
        WarehouseError: the warehouse refuses something; what came of some streams is written.
        OSError: there is no room for files on their way.
    """
    database.kind.prepare(database, folder)
    can_hold = database.kind.can_hold(database)
    tables: dict[str, tuple[StreamTable, int]] = {}
    batches: dict[str, tuple[RecordFormat, Batch]] = {}
    every = (line for some in lines for line in some.splitlines(keepends=True))
    for message in messages_and_records_in(every):
        if not isinstance(message, RecordLine):
            continue
        name = message.stream
        if name not in batches:
            with database.transaction():
                table = prepare_tables(database, [_configured(plans[name])])[name].table
                tables[name] = table, Books(database).notes[name].generation
            form = RecordFormat(table.columns, table.key, can_hold)
            batches[name] = form, Batch(folder / f"{name}.jsonl")
        form, batch = batches[name]
        batch.add(form.line(bytes(message.data), batch.records, message.emitted_at))
    for name, (_, batch) in batches.items():
        batch.flush()
        with database.transaction():
            if len(batch):
                table, generation = tables[name]
                database.execute(f"create schema if not exists {PROVISIONAL_SCHEMA}")
                _keep(database, table, batch)
                database.kind.merge(database, table, batch, generation)
                Changes(database).note(name, batch.keys)
            lock.check(database)
        batch.remove()
    return sum(len(batch) for _, batch in batches.values())


def is_provisional(database: Database) -> bool:
    """Whether rows are there that no sync has settled."""
    return bool(_kept(database))


def take_back(database: Database, lock: WriterLock) -> None:
    """Makes the tables what the last sync had left.

    Args:
        database: the warehouse.
        lock: the right to write.

    Raises:
        WarehouseError: the warehouse refuses something; then nothing has changed.
    """
    kept = _kept(database)
    if not kept:
        return
    with database.transaction():
        for name, columns in kept.items():
            beside = f"{PROVISIONAL_SCHEMA}.{quoted(name)}"
            if database.has_table(RAW_SCHEMA, name):
                _take_back(database, name, beside, columns)
            database.execute(f"drop table {beside}")
        lock.check(database)


def _take_back(database: Database, name: str, beside: str, columns: Sequence[str]) -> None:
    table = f"{RAW_SCHEMA}.{quoted(name)}"
    key = [column for column in columns if column.startswith(_KEY)]
    same = " and ".join(
        f"old.{quoted(column.removeprefix(_KEY))} = new.{quoted(column)}" for column in key
    )
    keys = database.select(f"select {listed(key)} from {beside}")
    Changes(database).note(name, [tuple(map(str, each)) for each in keys])
    database.execute(f"delete from {table} as old using {beside} as new where {same}")
    own = [column for column in columns if column not in (*key, _WAS_THERE)]
    database.execute(
        f"insert into {table} ({listed(own)}) select {listed(own)} from {beside} "
        f"where {quoted(_WAS_THERE)}"
    )


def _keep(database: Database, table: StreamTable, batch: Batch) -> None:
    """Keeps the rows that a batch replaces, unless what was before them is kept already."""
    beside = f"{PROVISIONAL_SCHEMA}.{quoted(table.name)}"
    keys = ", ".join(f"old.{quoted(name)} as {quoted(_KEY + name)}" for name in table.key)
    if not database.has_table(PROVISIONAL_SCHEMA, table.name):
        database.execute(
            f"create table {beside} as select {keys}, true as {quoted(_WAS_THERE)}, old.* "
            f"from {table.full_name} as old where 1 = 0"
        )
    columns = ", ".join(f"unnest(cast(? as varchar[])) as {quoted(name)}" for name in table.key)
    coming = f"(select {columns}) as new"
    values = [[key[place] for key in batch.keys] for place in range(len(table.key))]
    is_kept = " and ".join(f"kept.{quoted(_KEY + name)} = new.{quoted(name)}" for name in table.key)
    not_kept = f"not exists (select 1 from {beside} as kept where {is_kept})"
    same = same_key("old", "new", table.key)
    names = [row[0] for row in _columns_of(database, table.name)]
    into = listed([*(_KEY + name for name in table.key), _WAS_THERE])
    absent = f"not exists (select 1 from {table.full_name} as old where {same})"
    new_keys = listed(table.key, "new.")
    database.execute(
        f"insert into {beside} ({into}) select {new_keys}, false from {coming} "
        f"where {not_kept} and {absent}",
        *values,
    )
    database.execute(
        f"insert into {beside} ({into}, {listed(names)}) "
        f"select {new_keys}, true, {listed(names, 'old.')} from {coming} "
        f"inner join {table.full_name} as old on {same} where {not_kept}",
        *values,
    )


def _columns_of(database: Database, table: str) -> list[tuple[Any, ...]]:
    """The columns that both the table and what is kept of it have."""
    return database.select(
        "select column_name from information_schema.columns "
        "where table_schema = ? and table_name = ? and column_name in ("
        "select column_name from information_schema.columns "
        "where table_schema = ? and table_name = ?) order by ordinal_position",
        (PROVISIONAL_SCHEMA, table, RAW_SCHEMA, table),
    )


def _kept(database: Database) -> dict[str, list[str]]:
    """Stream -> the columns of what is kept of it."""
    found: dict[str, list[str]] = {}
    for table, column in database.select(
        "select table_name, column_name from information_schema.columns where table_schema = ? "
        "order by table_name, ordinal_position",
        (PROVISIONAL_SCHEMA,),
    ):
        found.setdefault(str(table), []).append(str(column))
    return found


def _configured(plan: StreamPlan) -> dict[str, Any]:
    """As much of a configured stream as its table needs."""
    return {
        "stream": {
            "name": plan.name,
            "json_schema": resources.schema(plan.name),
            "source_defined_primary_key": [[name] for name in plan.primary_key],
        }
    }


def _is_unfinished(state: str) -> bool:
    blob = json.loads(state)["stream"].get("stream_state") or {}
    return is_unfinished(blob)
