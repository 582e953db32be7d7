"""A span of time -> its calendar months (UTC), and which of them are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from random import Random

from source_stripe_saas.streams.spans import Span


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month in UTC."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def next(self) -> Month:
        """The month after."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def span(self) -> Span:
        """Its first and last second."""
        return _first_second(self), _first_second(self.next) - 1


def _first_second(month: Month) -> int:
    return int(datetime(month.year, month.month, 1, tzinfo=timezone.utc).timestamp())


def month_of(moment: int) -> Month:
    """The month of a moment.

    Args:
        moment: Unix seconds.
    """
    day = datetime.fromtimestamp(moment, tz=timezone.utc)
    return Month(day.year, day.month)


def months_between(oldest: int, newest: int) -> list[Month]:
    """All months from one moment's to another's, oldest first."""
    months = [month_of(oldest)]
    while months[-1] < month_of(newest):
        months.append(months[-1].next)
    return months


@dataclass(frozen=True)
class Choice:
    """How many months are compared."""

    latest: int = 3
    sample: int = 3
    """Of the months before those."""
    seed: int = 0
    is_all: bool = False

    def of(self, months: Sequence[Month], label: str) -> list[Month]:
        """The chosen ones, oldest first; the sample differs from label to label.

        Args:
            months: all there are, oldest first.
            label: whose months they are.
        """
        if self.is_all:
            return list(months)
        cut = max(0, len(months) - self.latest)
        older = list(months[:cut])
        dice = Random(f"{self.seed}/{label}")
        return sorted([*dice.sample(older, min(self.sample, len(older))), *months[cut:]])
