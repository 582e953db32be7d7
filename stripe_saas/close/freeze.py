"""A month that may be closed -> a copy of the rows behind it, in one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from stripe_saas.close.chain import link
from stripe_saas.close.checks import Facts
from stripe_saas.close.log import Entry, headed, write_entry
from stripe_saas.close.marts import KEYS, Marts
from stripe_saas.close.month import Month
from stripe_saas.close.tables import (
    CLOSE,
    DETAILS,
    FIGURE_NAMES,
    FIGURES,
    RATES,
    REOPEN,
    ROWS,
    ClosedTable,
    make_tables,
)
from stripe_saas.warehouse.database import Database, WriterLock

_PAGE_ROWS = 5_000
_KEPT = [name for name in ROWS.columns if name not in ("close_number", "row_number", "is_gone")]


def close_month(
    database: Database,
    marts: Marts,
    month: Month,
    facts: Facts,
    log: list[Entry],
    lock: WriterLock,
) -> dict[str, Any]:
    """Keeps a month as it is.

    Args:
        database: the warehouse.
        marts: where the models are.
        month: that may be closed.
        facts: of the checks.
        log: closes and reopenings so far.
        lock: the right to write.

    Returns:
        The row of `closes`.

    Raises:
        WarehouseError: it cannot be written; nothing of it is.
    """
    with database.transaction():
        make_tables(database)
        counts = _gather(database, marts, month, facts)
        row = headed(
            log,
            {
                "kind": CLOSE,
                "month_start": month.first_day,
                "noted_at": int(time.time()),
                "as_of_at": facts.as_of_at,
                "ended_at": facts.ended_at,
                "sync_id": facts.sync_id,
                "account_id": facts.account_id,
                "model_options": facts.options_text,
                **_versions(database, marts, facts),
                "code_version": version("source-stripe-saas"),
                "accepted": facts.accepted_text,
                **counts,
            },
        )
        row["close_hash"] = row["header_hash"]
        for table in DETAILS:
            for page in _pages(database, table):
                row["close_hash"] = _write(database, table, row, page)
            database.execute(f"drop table {_incoming(table)}")
        write_entry(database, row, row["close_hash"])
        lock.check(database)
    return row


def reopen_month(
    database: Database, month: Month, because: str, log: list[Entry], lock: WriterLock
) -> dict[str, Any]:
    """Adds a row that says that a month is not closed any more; what was kept stays.

    Returns:
        The row of `closes`.
    """
    with database.transaction():
        row = headed(
            log,
            {
                "kind": REOPEN,
                "month_start": month.first_day,
                "because": because,
                "noted_at": int(time.time()),
                "code_version": version("source-stripe-saas"),
            },
        )
        row["close_hash"] = row["header_hash"]
        write_entry(database, row, row["close_hash"])
        lock.check(database)
    return row


def _incoming(table: ClosedTable) -> str:
    return f"incoming_{table.name}"


def _gather(database: Database, marts: Marts, month: Month, facts: Facts) -> dict[str, int]:
    """Puts what is to be kept into temporary tables, numbered; gives the number of rows of each."""
    now = ", ".join(
        "identities.matched_by as identity_rule"
        if name == "identity_rule"
        else f"{marts.plain(f'events.{name}') if name in KEYS else f'events.{name}'} as {name}"
        for name in _KEPT
    )
    differs = " or ".join(f"now.{name} is distinct from kept.{name}" for name in _KEPT)
    new, gone = (", ".join(f"{each}.{name}" for name in _KEPT) for each in ("now", "kept"))
    queries: Mapping[ClosedTable, tuple[str, str, Sequence[Any]]] = {
        ROWS: (
            f"""
            select {new}, false as is_gone
            from now left join kept on now.event_id = kept.event_id
            where kept.event_id is null and now.occurred_at < cast(? as timestamp)
                or kept.event_id is not null and (kept.is_gone or {differs})
            union all
            select {gone}, true as is_gone
            from kept left join now on now.event_id = kept.event_id
            where now.event_id is null and not kept.is_gone
            """,
            "event_id",
            (facts.ended_at,),
        ),
        RATES: (
            f"""
            select {marts.plain("currency")} as currency, cast(rate as varchar) as rate,
                cast(factor as varchar) as factor
            from {marts.steps}.int_stripe__fx_rates
            where month_start = cast(? as date) and rate is not null
                and {marts.is_of_all("currency")}
            """,
            "currency",
            (month.first_day,),
        ),
        FIGURES: (
            f"""
            select basis, currency, currency_exponent, {", ".join(FIGURE_NAMES)}
            from {marts.schema}.mrr_monthly
            where date_month = cast(? as date) and {marts.is_figure}
            """,
            "basis, currency",
            (month.first_day,),
        ),
    }
    for table, (query, order, parameters) in queries.items():
        database.execute(
            f"""
            create temporary table {_incoming(table)} as
            with now as (
                select {now}
                from {marts.steps}.int_stripe__events as events
                left join {marts.steps}.int_stripe__identities as identities
                    on events.customer_id = identities.customer_id
                where {marts.is_of_all("events.event_id")}
            ),
            placed as (
                select *, row_number() over (
                    partition by event_id order by close_number desc
                ) as place
                from {ROWS.full_name}
            ),
            kept as (select * from placed where place = 1),
            found as ({query})
            select row_number() over (order by {order}) as row_number, found.* from found
            """,
            *parameters,
        )
    return {
        count: int(database.select(f"select count(*) from {_incoming(table)}")[0][0])
        for count, table in zip(("row_count", "rate_count", "figure_count"), DETAILS, strict=True)
    }


def _versions(database: Database, marts: Marts, facts: Facts) -> dict[str, str]:
    """The connector's options and rules that made the rows, each once."""
    found = {}
    for column in ("options_fingerprint", "semantics_version"):
        rows = database.select(
            f"select distinct coalesce({column}, '') from {marts.steps}.int_stripe__events "
            "where occurred_at < cast(? as timestamp)",
            (facts.ended_at,),
        )
        found[f"{column}s"] = ",".join(sorted(row[0] for row in rows))
    return found


def _pages(database: Database, table: ClosedTable) -> Iterator[list[dict[str, Any]]]:
    """The rows of a temporary table, oldest number first, so many at a time."""
    last = 0
    while page := database.rows(
        f"select * from {_incoming(table)} where row_number > ? and row_number <= ? "
        "order by row_number",
        last,
        last + _PAGE_ROWS,
    ):
        yield page
        last += _PAGE_ROWS


def _write(
    database: Database, table: ClosedTable, close: Mapping[str, Any], page: list[dict[str, Any]]
) -> str:
    """Writes rows with their hashes; gives the last hash."""
    last: str = close["close_hash"]
    hashes = []
    for row in page:
        row["close_number"] = close["close_number"]
        last = link(last, table.name, [row[name] for name in table.columns])
        hashes.append(last)
    # Text, which is the same for both kinds of warehouse; a boolean is `true` or `false`.
    values = [[_text(row[name]) for row in page] for name in table.columns]
    made = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in table.columns.items())
    lists = ", ".join(f"unnest(cast(? as varchar[])) as {name}" for name in table.columns)
    database.execute(
        f"insert into {table.full_name} ({', '.join(table.columns)}, row_hash) "
        f"select {made}, row_hash "
        f"from (select {lists}, unnest(cast(? as varchar[])) as row_hash) as incoming",
        *values,
        hashes,
    )
    return last


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value).lower()
