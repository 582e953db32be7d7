"""A month as people write it, `2026-10`, and the moment at which it ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class CloseError(Exception):
    """A month cannot be closed or reopened; the text is one line that says what to do."""


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month."""

    year: int
    number: int
    """1 to 12."""

    def __str__(self) -> str:
        """As it is written: `2026-10`."""
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def first_day(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def next(self) -> Month:
        """The month after it."""
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    def ended_at(self, time_zone: str) -> datetime:
        """The moment at which the next month begins in a time zone: UTC, without a zone.

        Args:
            time_zone: an IANA name, as the models' `reporting_timezone`.

        Raises:
            CloseError: this machine does not know the time zone.
        """
        try:
            zone = ZoneInfo(time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise CloseError(
                f"the time zone {time_zone} is not known here: pip install tzdata."
            ) from None
        begins = datetime(self.next.year, self.next.number, 1, tzinfo=zone)
        return begins.astimezone(timezone.utc).replace(tzinfo=None)


def parse_month(text: str) -> Month:
    """Understands `2026-10`.

    Raises:
        CloseError: it is not a month.
    """
    found = re.fullmatch(r"(\d{4})-(\d{2})", text)
    if found is None or not 1 <= int(found[2]) <= 12 or not 1 <= int(found[1]) < 9999:
        raise CloseError(f"{text!r} is not a month: write it as 2026-10.")
    return Month(int(found[1]), int(found[2]))


def month_of(day: date) -> Month:
    """The month that a day is in."""
    return Month(day.year, day.month)
