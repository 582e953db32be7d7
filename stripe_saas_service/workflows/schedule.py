"""A connection's schedule and a moment -> whether the schedule begins syncs then; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def is_open(schedule: Mapping[str, Any], at: datetime) -> bool:
    """False outside the business hours of a schedule that has some.

    Args:
        schedule: as the connection has it.
        at: a moment, with its time zone.
    """
    hours = schedule.get("business_hours")
    if not hours:
        return True
    there = at.astimezone(ZoneInfo(hours["time_zone"]))
    clock = f"{there:%H:%M}"
    return _DAYS[there.weekday()] in hours["days"] and hours["begins"] <= clock < hours["ends"]
