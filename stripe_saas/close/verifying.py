"""The closed tables -> whether every hash is what the rows say, and the first row that differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stripe_saas.close.chain import GENESIS, link
from stripe_saas.close.log import header_hash
from stripe_saas.close.month import month_of
from stripe_saas.close.tables import CLOSES, DETAILS, ClosedTable
from stripe_saas.warehouse.database import Database

_PAGE_ROWS = 20_000


class Differs(Exception):
    """A closed row is not as it was written; the text names it."""


@dataclass
class Verified:
    """What was recomputed."""

    entries: int = 0
    """Closes and reopenings."""
    rows: int = 0
    """Their rows, rates and figures."""
    hashes: tuple[str, ...] = ()
    """Of each close and reopening, oldest first."""


def verify(database: Database) -> Verified:
    """Recomputes every hash.

    Args:
        database: a warehouse with closed months.

    Raises:
        Differs: a row is not as it was written, or is missing, or was added.
    """
    verified, last = Verified(), GENESIS
    closes = database.rows(f"select * from {CLOSES.full_name} order by close_number")
    for number, close in enumerate(closes, 1):
        name = f"{close['kind']} {close['close_number']} of {month_of(close['month_start'])}"
        if close["close_number"] != number:
            raise Differs(f"close {number} is missing, or was written twice")
        if close["previous_hash"] != last or header_hash(close) != close["header_hash"]:
            raise Differs(f"{name}: its row in {CLOSES.full_name} was changed")
        last = close["header_hash"]
        counts = (close["row_count"], close["rate_count"], close["figure_count"])
        for table, count in zip(DETAILS, counts, strict=True):
            last = _verify_details(database, table, number, (name, last, count))
            verified.rows += count
        if last != close["close_hash"]:
            raise Differs(f"{name}: close_hash in {CLOSES.full_name} was changed")
        verified.entries = number
        verified.hashes += (last,)
    for table in DETAILS:
        [[strange]] = database.select(
            f"select count(*) from {table.full_name} "
            "where close_number is null or close_number < 1 or close_number > ?",
            (len(closes),),
        )
        if strange:
            raise Differs(f"{table.full_name} has {strange} rows that belong to no close")
    return verified


def _verify_details(
    database: Database, table: ClosedTable, number: int, close: tuple[str, str, int]
) -> str:
    """Recomputes the hashes of a close's rows in one table; gives the last."""
    name, last, count = close
    place = 0
    for row in _rows(database, table, number):
        place += 1
        if row["row_number"] != place:
            raise Differs(f"{name}: row {place} of {table.full_name} is missing, or there twice")
        last = link(last, table.name, [row[column] for column in table.columns])
        if last != row["row_hash"]:
            raise Differs(f"{name}: row {place} of {table.full_name} differs: {_shown(table, row)}")
    if place != count:
        raise Differs(f"{name}: {table.full_name} has {place} rows of {count}")
    return last


def _rows(database: Database, table: ClosedTable, number: int) -> Iterator[dict[str, Any]]:
    last = None
    while True:
        page = database.rows(
            f"select * from {table.full_name} where close_number = ? "
            f"and row_number > ? order by row_number limit {_PAGE_ROWS}",
            number,
            -1 if last is None else last,
        )
        yield from page
        if len(page) < _PAGE_ROWS:
            return
        last = page[-1]["row_number"]


def _shown(table: ClosedTable, row: Mapping[str, Any]) -> str:
    return f"{table.key} {row[table.key]}"
