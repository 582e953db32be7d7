"""The closes and reopenings of a warehouse, oldest first, and which months they leave closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stripe_saas.close.chain import GENESIS, link
from stripe_saas.close.month import CloseError, Month, month_of
from stripe_saas.close.tables import CLOSE, CLOSES, has_closes
from stripe_saas.warehouse.database import Database


@dataclass(frozen=True)
class Entry:
    """A close or a reopening."""

    number: int
    """From 1 on, without gaps."""
    kind: str
    """`close` or `reopen`."""
    month: Month
    noted_at: int
    """Unix seconds, by the clock of the machine that wrote it."""
    because: str | None
    hash: str


def entries(database: Database) -> list[Entry]:
    """All closes and reopenings, oldest first."""
    if not has_closes(database):
        return []
    rows = database.rows(f"select * from {CLOSES.full_name} order by close_number")
    return [
        Entry(
            int(row["close_number"]),
            row["kind"],
            month_of(row["month_start"]),
            int(row["noted_at"]),
            row["because"],
            row["close_hash"],
        )
        for row in rows
    ]


def closed_months(log: Iterable[Entry]) -> list[Month]:
    """The months that are closed, in their order.

    Args:
        log: closes and reopenings, oldest first.
    """
    closed: set[Month] = set()
    for entry in log:
        if entry.kind == CLOSE:
            closed.add(entry.month)
        else:
            closed.discard(entry.month)
    return sorted(closed)


def require_closable(log: list[Entry], month: Month) -> None:
    """Months are closed one after the other, from any first one on.

    Raises:
        CloseError: the month is closed already, or it is not the next one.
    """
    closed = closed_months(log)
    if month in closed:
        raise CloseError(
            f"{month} is closed already: stripe-saas close --reopen {month} --because TEXT "
            "comes before it can be closed again."
        )
    if closed and month != closed[-1].next:
        raise CloseError(
            f"months are closed in their order, and the last closed one is {closed[-1]}: "
            f"close {closed[-1].next} next."
            if month > closed[-1]
            else f"months are closed in their order, and {closed[-1]} is closed: {month} lies "
            "before the first closed month and stays open."
        )


def require_reopenable(log: list[Entry], month: Month) -> None:
    """Months are reopened from the last one back, as each holds the ones before.

    Raises:
        CloseError: the month is not closed, or a later one is.
    """
    closed = closed_months(log)
    if month not in closed:
        raise CloseError(f"{month} is not closed: there is nothing to reopen.")
    if month != closed[-1]:
        raise CloseError(
            f"{closed[-1]} is closed and stands on {month}: reopen {closed[-1]} first."
        )


def headed(log: list[Entry], values: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a close or reopening that comes after a log, with `header_hash`.

    Args:
        log: what was before.
        values: column -> value; what is left out is null, or 0 for a count.
    """
    counts = dict.fromkeys(("row_count", "rate_count", "figure_count"), 0)
    row: dict[str, Any] = {**dict.fromkeys(CLOSES.columns), **counts, **values}
    row["close_number"] = log[-1].number + 1 if log else 1
    row["previous_hash"] = log[-1].hash if log else GENESIS
    row["header_hash"] = header_hash(row)
    return row


def header_hash(row: Mapping[str, Any]) -> str:
    """The hash of a row of `closes`, with which the chain of its details begins."""
    values = [row[name] for name in CLOSES.columns]
    return link(row["previous_hash"], CLOSES.name, values)


def write_entry(database: Database, row: Mapping[str, Any], close_hash: str) -> None:
    """Adds the row of a close or reopening.

    Args:
        database: the warehouse; it counts with the transaction around it.
        row: of `headed`.
        close_hash: the last hash of its details; of a row without any, its own.
    """
    columns = [*CLOSES.columns, "header_hash", "close_hash"]
    marks = ", ".join("?" for _ in columns)
    database.execute(
        f"insert into {CLOSES.full_name} ({', '.join(columns)}) values ({marks})",
        *(({**row, "close_hash": close_hash})[name] for name in columns),
    )
