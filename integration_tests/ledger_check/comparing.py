"""Rows and the company's own ledger in, where they differ out, and whether that can be known.

The company says of each of its acts whether the API will show it once the events are gone, and
from when to when it stays hidden. Inside such a span the rows may still hold a value that was, or
will be, the true one; everywhere else they must hold the true value to the last unit.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from fractions import Fraction
from math import floor
from typing import Any

from source_stripe_saas.mrr.moment import iso, seconds_of
from source_stripe_saas.mrr.row import BETTER_ESTIMATE
from stripe_sandbox.company import LedgerEntry

HALF = Fraction(1, 2)
DRAFT_SECONDS = 2 * 3_600
"""How long after its beginning a renewal's invoice is final at the latest."""
# Acts that move no MRR by default, hidden or not: they excuse no difference.
_MOVES_NOTHING = frozenset(
    {"payment_failed", "past_due", "payment_recovered"}
    | {"cancellation_scheduled", "cancellation_revoked"}
)


@dataclass
class Verdict:
    """What a comparison found."""

    equal: int = 0
    """Values that are exact, at month ends, at changes and now."""
    equal_at_month_ends: int = 0
    hidden: Counter[str] = field(default_factory=Counter)
    """Reason -> values that could not be exact."""
    mixed: int = 0
    """Of the hidden ones, those where the rows hold a value that never was the true one."""
    wrong: list[str] = field(default_factory=list)
    """One line for each value that should have been exact."""
    adjusted: int = 0
    corrected: int = 0
    """Rows that correct what was estimated of a deleted coupon."""
    types: Counter[str] = field(default_factory=Counter)
    billing: Counter[str] = field(default_factory=Counter)
    """What the invoices' rows say of them (M61): how many agree, are explained, differ."""
    billed_otherwise: list[str] = field(default_factory=list)
    """One line for each row whose invoice bills something else than the ledger says."""


@dataclass(frozen=True)
class _Step:
    """A value that holds from a second on."""

    at: int
    minor: int


class _Line:
    """Values over time."""

    def __init__(self, steps: Sequence[_Step]) -> None:
        self._at = [step.at for step in steps]
        self._minor = [step.minor for step in steps]

    def at(self, moment: int) -> int:
        place = bisect_right(self._at, moment)
        return self._minor[place - 1] if place else 0

    def between(self, start: int, end: int) -> set[int]:
        """All values held in a span, those at its two ends included."""
        first, last = bisect_right(self._at, start), bisect_right(self._at, end)
        return {self.at(start), *self._minor[first:last]}


def month_ends(start: int, end: int) -> list[int]:
    """The last second of every month of a span, and its end."""
    moment = datetime.fromtimestamp(start, timezone.utc)
    year, month, found = moment.year, moment.month, []
    while True:
        year, month = year + month // 12, month % 12 + 1
        at = int(datetime(year, month, 1, tzinfo=timezone.utc).timestamp()) - 1
        if at >= end:
            return [*found, end]
        found.append(at)


def compare(
    ledger: Iterable[LedgerEntry],
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    moments: Sequence[int],
    horizon: int,
    told_late: Mapping[str, int],
) -> Verdict:
    """Compares every subscription's MRR at some moments.

    Args:
        ledger: the company's own, oldest first.
        rows: subscription id -> its rows, in order.
        moments: when to look.
        horizon: T0; from then on events tell everything, and nothing stays hidden.
        told_late: of these subscriptions events tell nothing before that time.
    """
    verdict = Verdict()
    truth: dict[str, list[LedgerEntry]] = {}
    for entry in ledger:
        truth.setdefault(entry.subscription_id, []).append(entry)
    for key, made in rows.items():
        for row in made:
            verdict.types[row["event_type"]] += 1
            if row.get("billing_check"):
                verdict.billing[row["billing_check"]] += 1
            if row.get("billing_check") == "differs":
                verdict.billed_otherwise.append(f"{key}: {row['billing_note']}")
            if row.get("adjustment_reason") == BETTER_ESTIMATE:
                verdict.corrected += 1
            elif row["event_type"] == "adjusted":
                verdict.adjusted += 1
                verdict.wrong.append(f"{key}: adjusted at {row['occurred_at']}")
    for key in rows.keys() - truth.keys():
        verdict.wrong.append(f"{key}: rows of a subscription that the ledger does not have")
    for key, entries in truth.items():
        told_from = told_late.get(key, horizon)
        _compare_one(key, entries, rows.get(key, ()), moments, told_from, verdict)
    return verdict


def _compare_one(
    key: str,
    entries: Sequence[LedgerEntry],
    rows: Sequence[Mapping[str, Any]],
    moments: Sequence[int],
    told_from: int,
    verdict: Verdict,
) -> None:
    true = _Line([_Step(entry.at, floor(entry.mrr_after + HALF)) for entry in entries])
    rows_at = [seconds_of(row["occurred_at"]) for row in rows]
    told = _Line([_Step(at, row["mrr_after"]) for at, row in zip(rows_at, rows, strict=True)])
    marks = [int(row.get("is_estimated", True)) for row in rows]
    is_guess = _Line([_Step(at, mark) for at, mark in zip(rows_at, marks, strict=True)])
    better = [
        (at, row["mrr_after"])
        for at, row in zip(rows_at, rows, strict=True)
        if row.get("adjustment_reason") == BETTER_ESTIMATE
    ]
    places = [entry.at for entry in entries]
    spans = [
        _span(entry, told_from)
        for entry in entries
        if entry.untraceable and entry.event_type not in _MOVES_NOTHING
    ]
    # Besides the given moments, those of every change and of everything that comes to light.
    given = set(moments)
    own = {entry.at for entry in entries} | {end for _, end, _ in spans}
    for at in sorted({*moments, *(one for one in own if one <= moments[-1])}):
        if true.at(at) == told.at(at):
            verdict.equal += 1
            verdict.equal_at_month_ends += at in given
            continue
        in_force = bisect_right(places, at) - 1
        admits = entries[in_force].admits if in_force >= 0 else ()
        alone = entries[in_force].admits_alone if in_force >= 0 else ()
        fits = any(low <= told.at(at) <= high for low, high in admits)
        # One taken for a coupon for once has its first row when it is used, and that one is marked.
        until = places[in_force + 1] if in_force + 1 < len(places) else moments[-1]
        if fits and 1 in is_guess.between(at, until):
            verdict.hidden["discount: terms of a deleted coupon, guessed from invoices"] += 1
            continue
        fits_alone = any(low <= told.at(at) <= high for low, high in alone)
        if fits_alone and 1 in is_guess.between(at, until):
            verdict.hidden["discount: terms that only another subscription has shown"] += 1
            continue
        right = [(true.at(at), true.at(at)), *admits]
        if any(
            at < since <= at + DRAFT_SECONDS and any(low <= minor <= high for low, high in right)
            for since, minor in better
        ):
            verdict.hidden["discount: an estimate is refuted when its invoice is final"] += 1
            continue
        hiding = [(start, end, why) for start, end, why in spans if start <= at < end]
        if hiding:
            start, end = min(one[0] for one in hiding), max(one[1] for one in hiding)
            if told.at(at) not in true.between(start - 1, end):
                verdict.mixed += 1  # another change was made on top of the hidden one
            verdict.hidden[hiding[0][2]] += 1
            continue
        if fits:
            verdict.wrong.append(f"{key}: at {iso(at)} a guess is not marked as one")
            continue
        verdict.wrong.append(
            f"{key}: at {iso(at)} the ledger has {true.at(at)} and the rows {told.at(at)}"
            + (f" (hidden: {', '.join(one[2] for one in hiding)})" if hiding else "")
        )


def _span(entry: LedgerEntry, told_from: int) -> tuple[int, int, str]:
    """From when to when an act stays hidden: events show what is so from then on."""
    start = entry.at if entry.visible_from is None else entry.visible_from
    end = told_from if entry.visible_until is None else min(entry.visible_until, told_from)
    return start, end, f"{entry.event_type}: {entry.note or 'its moment is not shown'}"
