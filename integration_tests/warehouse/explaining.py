"""What a warehouse tells of a customer and the company's own books in; why they differ out.

Books and warehouse may differ in a subscription's MRR only while one of its acts is hidden from the
API, and only by what the act moved: what is told is the true value without some of the acts that
are hidden at that second, or a value that was true just before them or is just after, or one that a
guess of a deleted coupon's terms comes to, if nothing that Stripe shows refutes the guess. The
movements that follow from what is told are worked out again by the company's own bookkeeper, so a
difference that comes from anywhere else, however small, stays unexplained.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from stripe_sandbox.company import LedgerEntry
from stripe_sandbox.company.clients import CustomerMovement, customer_movements, day_of

_MOST_ACTS = 12
"""So many acts that follow on a hidden one are thought away; there are never more."""

_CONCERN_NO_MRR = frozenset(
    {"payment_failed", "past_due", "payment_recovered"}
    | {"cancellation_scheduled", "cancellation_revoked"}
)
"""Acts that never move MRR by default, hidden or not. A pause after a trial moves none as well, and
yet hides for how long nothing came in."""


@dataclass(frozen=True)
class ToldRow:
    """A row of the mart `subscription_events`; amounts in minor units a month."""

    subscription_id: str
    customer_id: str
    currency: str
    at: int
    """Seconds."""
    event_type: str
    before_minor: int
    after_minor: int


@dataclass(frozen=True)
class Difference:
    """A span in which a subscription's MRR is told differently."""

    subscription_id: str
    currency: str
    start: int
    """Seconds."""
    end: int
    """The first second at which both agree again, or tell another difference."""
    true_minor: int
    told_minor: int
    entries: tuple[LedgerEntry, ...]
    """The hidden acts that make it; empty: none does, which is wrong."""
    is_mixed: bool = False
    """Another act that is seen lies on a hidden one, such as a quantity on a discount, so that the
    amount is not what the hidden one moved by itself."""

    def __str__(self) -> str:
        """One line."""
        acts = "; ".join(_named(entry) for entry in self.entries) or "nothing is hidden"
        return (
            f"{self.subscription_id} {_day(self.start)} to {_day(self.end)}: {self.told_minor} for "
            f"{self.true_minor} {self.currency}, {acts}"
        )


class Line:
    """A value over time."""

    def __init__(self, steps: Sequence[tuple[int, int]]) -> None:
        """Takes pairs of a second and the value from then on, oldest first."""
        self.steps = steps
        self._at = [at for at, _ in steps]

    def at(self, moment: int) -> int:
        """The value at a second."""
        place = bisect_right(self._at, moment)
        return self.steps[place - 1][1] if place else 0


def differences(
    entries: Sequence[LedgerEntry], told: Sequence[ToldRow], told_from: int
) -> list[Difference]:
    """Every span in which one subscription's MRR is told differently.

    Args:
        entries: its entries in the ledger, oldest first.
        told: its rows, oldest first.
        told_from: from this second on events tell everything.
    """
    true_line = Line([(entry.at, entry.mrr_after_minor) for entry in entries])
    told_line = Line([(row.at, row.after_minor) for row in told])
    hidden = [
        entry for entry in entries if entry.untraceable and entry.event_type not in _CONCERN_NO_MRR
    ]
    spans = [(*span_of(entry, told_from), entry) for entry in hidden]
    moments = {at for at, _ in (*true_line.steps, *told_line.steps)}
    moments |= {at for start, end, _ in spans for at in (start, end)}
    ordered = sorted(moments)
    found = []
    for at, following in zip(ordered, [*ordered[1:], ordered[-1] + 1], strict=True):
        true, said = true_line.at(at), told_line.at(at)
        if true == said:
            continue
        open_now = [entry for start, end, entry in spans if start <= at < end]
        made_by, is_mixed = _explained(at, true, said, open_now, entries, told_from)
        found.append(
            Difference(
                entries[0].subscription_id,
                entries[0].currency,
                at,
                following,
                true,
                said,
                made_by,
                is_mixed,
            )
        )
    return found


def span_of(entry: LedgerEntry, told_from: int) -> tuple[int, int]:
    """From when until when a hidden act makes a difference."""
    start = entry.at if entry.visible_from is None else min(entry.at, entry.visible_from)
    end = told_from if entry.visible_until is None else min(entry.visible_until, told_from)
    return start, max(end, entry.at)


def told_movements(rows: Iterable[ToldRow]) -> list[CustomerMovement]:
    """What the company's bookkeeper makes of what is told."""
    return customer_movements(
        LedgerEntry(
            subscription_id=row.subscription_id,
            customer_id=row.customer_id,
            currency=row.currency,
            at=row.at,
            event_type=row.event_type,
            mrr_before=Fraction(row.before_minor),
            mrr_after=Fraction(row.after_minor),
            mrr_before_minor=row.before_minor,
            mrr_after_minor=row.after_minor,
            list_mrr_before=Fraction(0),
            list_mrr_after=Fraction(0),
            status_before=None,
            status_after="",
        )
        for row in rows
    )


def _explained(
    at: int,
    true: int,
    said: int,
    open_now: Sequence[LedgerEntry],
    entries: Sequence[LedgerEntry],
    told_from: int,
) -> tuple[tuple[LedgerEntry, ...], bool]:
    """The hidden acts that make a difference, and whether one that is seen lies on them."""
    in_force = [entry for entry in entries if entry.at <= at][-1:]
    guessed = [entry for entry in in_force if _fits(said, entry)]
    if guessed or not open_now:
        return tuple(guessed), False
    # An act that has happened is not seen yet; one that has not is seen too early.
    moved = [
        (-1 if entry.at <= at else 1) * (entry.mrr_after_minor - entry.mrr_before_minor)
        for entry in open_now
    ]
    places = range(len(open_now))
    for count in range(1, len(open_now) + 1):
        for chosen in combinations(places, count):
            if true + sum(moved[place] for place in chosen) == said:
                return tuple(open_now[place] for place in chosen), False
    start = min(span_of(entry, told_from)[0] for entry in open_now)
    end = max(span_of(entry, told_from)[1] for entry in open_now)
    if any(start <= entry.at <= end and entry.mrr_after_minor == said for entry in entries):
        return tuple(open_now), False
    before = [entry for entry in entries if entry.at < start][-1:]
    meanwhile = [entry for entry in entries if start <= entry.at <= end]
    if any(_fits(said, entry) for entry in (*before, *meanwhile)):
        return tuple(open_now), True
    since = [entry for entry in entries if start <= entry.at <= at]
    # One act alone moves exactly what it moved.
    is_mixed = sum(entry.mrr_after_minor != entry.mrr_before_minor for entry in since) > 1
    if is_mixed and any(abs(value - said) <= 1 for value in _without_some(since, open_now)):
        return tuple(open_now), True
    return (), False


def _fits(said: int, entry: LedgerEntry) -> bool:
    """Whether a value follows from a guess of a deleted coupon's terms that nothing refutes."""
    return any(low <= said <= high for low, high in (*entry.admits, *entry.admits_alone))


def _without_some(since: Sequence[LedgerEntry], open_now: Sequence[LedgerEntry]) -> set[Fraction]:
    """What MRR would be if some of the hidden acts had not been.

    A visible act then moves another value: by as much as it truly did, as a seat at its price, or
    by the same share, as a coupon. Rounding may be off by one.
    """
    values = {Fraction(since[0].mrr_before_minor)} if since else set()
    for entry in since[:_MOST_ACTS]:
        before, after = entry.mrr_before_minor, entry.mrr_after_minor
        moved = {value + after - before for value in values}
        if before:
            moved |= {value * after / before for value in values}
        values = values | moved if entry in open_now else moved
    return values


def by_subscription(entries: Iterable[LedgerEntry]) -> Mapping[str, list[LedgerEntry]]:
    """Entries by subscription, in their order."""
    found: dict[str, list[LedgerEntry]] = {}
    for entry in entries:
        found.setdefault(entry.subscription_id, []).append(entry)
    return found


def _named(entry: LedgerEntry) -> str:
    moved = entry.mrr_after_minor - entry.mrr_before_minor
    return f"{entry.event_type} {moved:+} on {_day(entry.at)} ({entry.note or 'hidden'})"


def _day(at: int) -> str:
    return day_of(at).isoformat()
