"""Unix seconds and whole months: the arithmetic of billing periods, in UTC."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timezone
from functools import lru_cache

from stripe_sandbox.company.options import DAY


def moment(at: int) -> datetime:
    """Unix seconds as a datetime in UTC."""
    return datetime.fromtimestamp(at, timezone.utc)


@lru_cache(maxsize=200_000)
def add_months(anchor: int, months: int) -> int:
    """The same day and time so many months later, or the last day of a shorter month."""
    start = moment(anchor)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def step(anchor: int, interval: str, count: int, steps: int) -> int:
    """The moment `steps` billing intervals after the anchor."""
    if interval == "month":
        return add_months(anchor, count * steps)
    if interval == "year":
        return add_months(anchor, 12 * count * steps)
    return anchor + steps * count * (7 * DAY if interval == "week" else DAY)


def midnight_after(at: int) -> int:
    """The next start of a UTC day, later than `at`."""
    return at - at % DAY + DAY
