"""Messages of syncs and a company's own books in -> where the ledger of MRR changes is wrong.

An append-only destination may hold rows that no state covers yet. They come again, under the same
ids and with the same content: unless a first read, or a subscription that it had to set aside, is
taken up after so long that events no longer reach back to its horizon, when some are rebuilt from
invoices under other ids (DECISIONS.md). Only then are rows that did not come again put aside, and
counted. Rows of a subscription that the state sets aside are waited for until it is settled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any

from stripe_sandbox.company import LedgerEntry

LEDGER = "subscription_events"

_REACH_SECONDS = 30 * 86_400 - 2 * 3_600
"""How far back events reach for certain, whatever the server's clock says."""
_HALF = Fraction(1, 2)

Row = dict[str, Any]


@dataclass
class LedgerTable:
    """The rows of one connection, each event_id once, and what its last state says of them."""

    rows: dict[str, Row] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)
    followed_since: int | None = None
    """When the sync ended that completed the first read; events tell whatever came later."""
    put_aside: int = 0
    """Rows that a first read, taken up late, has made anew under other ids."""
    wrong: list[str] = field(default_factory=list)
    """What was wrong on the way."""
    _loose: dict[str, Row] = field(default_factory=dict)
    """Rows that came after the last state and have to come again."""

    def receive(self, messages: Iterable[Mapping[str, Any]], now: int) -> None:
        """Takes one sync's messages in, however it ended.

        Args:
            messages: in their order.
            now: the account's clock after it, Unix seconds.
        """
        waiting, self._loose = self._loose, {}
        is_out_of_reach = now > self.state.get("horizon", now) + _REACH_SECONDS
        is_under_way = not self.is_complete
        aside = set(self.state.get("aside", ()))

        def is_late(row: Row) -> bool:
            is_taken_up = is_under_way or row["subscription_id"] in aside
            return is_out_of_reach and is_taken_up

        for message in messages:
            if message["type"] == "RECORD" and message["record"]["stream"] == LEDGER:
                row = message["record"]["data"]
                waiting.pop(row["event_id"], None)
                self._write(row, is_late=is_late(row))
            elif message["type"] == "STATE":
                stream = message["state"]["stream"]
                if stream["stream_descriptor"]["name"] == LEDGER:
                    self.state, self._loose = stream["stream_state"], {}
        if self.is_complete and not self._loose:
            still = self.state.get("aside", ())
            for identity, row in list(waiting.items()):
                if row["subscription_id"] not in still:
                    self._did_not_return(identity, row, is_late=is_late(row))
                    del waiting[identity]
        self._loose = {**waiting, **self._loose}
        if self.followed_since is None and self.is_complete:
            self.followed_since = now

    @property
    def is_complete(self) -> bool:
        """Whether every subscription has been written up to the state's moment."""
        return "through" in self.state and "written" not in self.state

    def _write(self, row: Row, *, is_late: bool) -> None:
        known = self.rows.get(row["event_id"])
        if known is not None and known != row and not is_late:
            names = sorted(name for name in row if row[name] != known.get(name))
            self.wrong.append(f"{_name(row)} came again with other {names}: {known} / {row}")
        self.rows[row["event_id"]] = self._loose[row["event_id"]] = row

    def _did_not_return(self, identity: str, row: Row, *, is_late: bool) -> None:
        if is_late:
            self.put_aside += 1
            del self.rows[identity]
        else:
            self.wrong.append(f"{_name(row)} came before a kill, and not again: {row}")

    def ledgers(self) -> dict[str, list[Row]]:
        """Subscription -> its rows in their order."""
        found: dict[str, list[Row]] = {}
        for row in sorted(self.rows.values(), key=lambda row: row["sequence"]):
            found.setdefault(row["subscription_id"], []).append(row)
        return found


def broken(ledgers: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """Where rows do not follow upon each other (M50), or were made up to fit (M54)."""
    for name, rows in ledgers.items():
        places = [row["sequence"] for row in rows]
        if places != list(range(1, len(rows) + 1)):
            yield f"{name} has the places {places}"
        if rows[0]["mrr_before"] != 0:
            yield f"{name} begins with {rows[0]['mrr_before']}"
        for one, after in pairwise(rows):
            if one["mrr_after"] != after["mrr_before"]:
                yield f"{_name(after)} goes on from {after['mrr_before']}, not {one['mrr_after']}"
            if one["occurred_at"] > after["occurred_at"]:
                yield f"{_name(after)} lies before the row that it follows"
        for row in rows:
            if row["mrr_after"] - row["mrr_before"] != row["mrr_delta"] or row["mrr_after"] < 0:
                yield f"{_name(row)} does not add up: {row}"
            if row["event_type"] == "adjusted" and row["adjustment_reason"] != "better_estimate":
                yield f"{_name(row)} is adjusted: {row['adjustment_reason']}"


def differing(
    ledgers: Mapping[str, Sequence[Row]], entries: Sequence[LedgerEntry], since: int, through: int
) -> tuple[int, list[str]]:
    """Compares with the books that the company kept, where Stripe's API tells all of it.

    That is at the head, whatever was hidden before, and at each change since the first read was
    complete, as events tell those.

    Args:
        ledgers: subscription -> its rows in their order.
        entries: the company's books, oldest first.
        since: from when on every change is compared, Unix seconds.
        through: up to when rows have been made.

    Returns:
        How many values were compared, and those that differ.
    """
    true: dict[str, list[LedgerEntry]] = {}
    for entry in entries:
        if entry.at <= through:
            true.setdefault(entry.subscription_id, []).append(entry)
    wrong = [f"{name} is in no book of the company" for name in ledgers.keys() - true.keys()]
    count = 0
    for name, theirs in true.items():
        for at in sorted({through, *(entry.at for entry in theirs if entry.at >= since)}):
            expected = _rounded([entry.mrr_after for entry in theirs if entry.at <= at][-1])
            told = [row["mrr_after"] for row in ledgers.get(name, ()) if _seconds(row) <= at]
            count += 1
            if expected != (told[-1] if told else 0):
                wrong.append(f"{name} at {at}: {told[-1:]} instead of {expected}")
    return count, wrong


def _rounded(value: Fraction) -> int:
    return floor(value + _HALF)


def _seconds(row: Row) -> int:
    return int(datetime.fromisoformat(row["occurred_at"].replace("Z", "+00:00")).timestamp())


def _name(row: Row) -> str:
    return f"row {row['sequence']} of {row['subscription_id']} ({row['event_type']})"
