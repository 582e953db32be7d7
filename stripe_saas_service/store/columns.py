"""Kinds of column that SQLite and Postgres keep alike."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """A moment with its time zone, UTC; SQLite alone would lose it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses moments without a time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """SQLite gives moments without a time zone back."""
        if value is None:
            return None
        moment: datetime = value
        return (
            moment.astimezone(timezone.utc)
            if moment.tzinfo
            else moment.replace(tzinfo=timezone.utc)
        )


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(timezone.utc)


def new_id(prefix: str) -> str:
    """An identifier that nobody guesses, such as `con_5b0c…`."""
    return f"{prefix}_{uuid.uuid4().hex}"
