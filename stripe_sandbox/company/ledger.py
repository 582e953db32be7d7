"""What truly happened to each subscription's MRR, written by the simulation as it acts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class LedgerEntry:
    """One MRR-relevant change of one subscription, in exact numbers.

    Amounts are per month in the currency's smallest unit, under default options.
    """

    subscription_id: str
    customer_id: str
    currency: str
    at: int
    """Seconds."""
    event_type: str
    mrr_before: Fraction
    mrr_after: Fraction
    mrr_before_minor: int
    mrr_after_minor: int
    list_mrr_before: Fraction
    list_mrr_after: Fraction
    status_before: str | None
    status_after: str
    untraceable: bool = False
    """True when the API cannot show this change, or not its moment, once its events are gone."""
    visible_from: int | None = None
    """Untraceable only: the first second at which it can be seen to have happened."""
    visible_until: int | None = None
    """Untraceable only: the second by which it is seen; None: never, or not yet known."""
    note: str = ""
    admits: tuple[tuple[int, int], ...] = ()
    """Other values, from the lowest to the highest of each kind, that all that Stripe still shows
    would fit as well: where a deleted coupon's terms are only to be guessed from invoices."""
    admits_alone: tuple[tuple[int, int], ...] = ()
    """Values that fit the subscription's own invoices alone: the terms of a customer's deleted
    coupon may have been shown by another subscription only."""

    def as_json(self) -> dict[str, Any]:
        """The entry with fractions as "a/b" text."""
        row = dict(self.__dict__)
        for key in ("mrr_before", "mrr_after", "list_mrr_before", "list_mrr_after"):
            row[key] = f"{row[key].numerator}/{row[key].denominator}"
        return row


class Ledger:
    """All entries in the order in which the simulation wrote them."""

    def __init__(self) -> None:
        """Starts empty."""
        self.entries: list[LedgerEntry] = []
        self.snapshots: list[Any] = []
        """Of each entry, what its value was worked out from."""

    def add(self, entry: LedgerEntry, snapshot: Any = None) -> int:
        """Appends an entry and returns its place, by which it can be amended."""
        self.entries.append(entry)
        self.snapshots.append(snapshot)
        return len(self.entries) - 1

    def amend(self, place: int, **changes: Any) -> None:
        """Rewrites an entry, when a later act decides how far it can be traced."""
        self.entries[place] = LedgerEntry(**{**self.entries[place].__dict__, **changes})

    def chronological(self) -> list[LedgerEntry]:
        """Entries by time; of one second and one subscription, in the order of writing."""
        return sorted(self.entries, key=lambda entry: entry.at)

    def truth_at(self, at: int) -> dict[str, Fraction]:
        """Exact MRR of every subscription born by then (the changes of that second included)."""
        truth: dict[str, Fraction] = {}
        for entry in self.chronological():
            if entry.at > at:
                break
            truth[entry.subscription_id] = entry.mrr_after
        return truth


def half_up(value: Fraction) -> int:
    """The nearest integer; halves go up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
