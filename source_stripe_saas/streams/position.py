"""A stream's state blob <-> `Position`: how far the stream has been read.

{"updated": 1750000000}                            read to here; the change feed goes on from it
{"updated": 1750000000, "open_since": 1749900000}  ... objects this old may still change silently
{"updated": 1750000000, "open_since": null}        ... and now there are none
{"updated": 1750000000, "start": 1700000000}       ... objects created before `start` were not read
{"updated": 1750000000, "retry": {"parents": [id]}} ... these were skipped and are asked for again
{"updated": 1750000000, "reread": 1600000000}      ... the past is being read again, down to here
{"backfill": {"began": …, "done": {"": [[a, b]]}}} a first read under way: the seconds finished
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pendulum

from source_stripe_saas.streams.skipped import Retries, read_retries
from source_stripe_saas.streams.spans import Span, joined

_OWN_KEYS = frozenset({"updated", "open_since", "start", "retry", "reread"})

# Keys under which Airbyte's official connector keeps a time up to which it has read.
_OFFICIAL_TIMES = frozenset({"updated", "created", "end_time", "checkout_session_updated"})


@dataclass
class Backfill:
    """A read of everything that has not ended yet."""

    began: int
    """When its first attempt began, Unix seconds on Stripe's clock."""
    done: dict[str, list[Span]] = field(default_factory=dict)
    """Variant -> spans of `created` that have been read and written."""
    after: dict[str, str] = field(default_factory=dict)
    """Variant -> last id written, for lists without a `created` filter."""
    finished: list[str] = field(default_factory=list)
    """Variants without a `created` filter that were read to the end."""


@dataclass
class Position:
    """Where a stream stands before a sync."""

    watermark: int | None = None
    """Every change up to this second has been emitted."""
    open_since: int | None = None
    """`created` of the oldest object that may still change without an event."""
    backfill: Backfill | None = None
    knows_open: bool = False
    """True if `open_since` was looked for: then None means that there is no such object."""
    start: int | None = None
    """Objects created before this second were left out of the first read; None: not known."""
    retries: Retries = field(default_factory=Retries)
    """Skipped objects that are to be asked for again."""
    reread: int | None = None
    """The past is being read again, and has been down to this second of `created`."""

    def blob(self) -> dict[str, Any]:
        blob: dict[str, Any] = {}
        if self.watermark is not None:
            blob["updated"] = self.watermark
        if self.open_since is not None or (self.knows_open and self.watermark is not None):
            blob["open_since"] = self.open_since
        if self.start:
            blob["start"] = self.start
        if self.retries:
            blob["retry"] = self.retries.blob()
        if self.reread is not None:
            blob["reread"] = self.reread
        if self.backfill is not None:
            done = {
                variant: [list(span) for span in joined(spans)]
                for variant, spans in sorted(self.backfill.done.items())
            }
            blob["backfill"] = {"began": self.backfill.began, "done": done}
            if self.backfill.after:
                blob["backfill"]["after"] = dict(self.backfill.after)
            if self.backfill.finished:
                blob["backfill"]["finished"] = sorted(self.backfill.finished)
        return blob


def _seconds(value: Any) -> int | None:
    """A time as one finds it in a state: seconds, a number in a text, or an ISO date."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            pass
        try:
            moment = pendulum.parse(value)
        except Exception:
            return None
        return int(moment.timestamp()) if isinstance(moment, pendulum.DateTime) else None
    return None


def _official_times(blob: Any) -> Iterator[int]:
    """All times in a state of the official connector that say 'read to here'."""
    if isinstance(blob, Mapping):
        for key, value in blob.items():
            seconds = _seconds(value) if key in _OFFICIAL_TIMES else None
            if seconds is not None:
                yield seconds
            else:
                yield from _official_times(value)
    elif isinstance(blob, list):
        for value in blob:
            yield from _official_times(value)


def _spans(value: Any) -> list[Span]:
    return joined((int(lo), int(hi)) for lo, hi in value)


def _own(blob: Mapping[str, Any]) -> Position:
    backfill = None
    if "backfill" in blob:
        raw = blob["backfill"]
        backfill = Backfill(
            began=int(raw["began"]),
            done={str(variant): _spans(spans) for variant, spans in raw["done"].items()},
            after={str(variant): str(last) for variant, last in raw.get("after", {}).items()},
            finished=[str(variant) for variant in raw.get("finished", [])],
        )
    return Position(
        _seconds(blob.get("updated")),
        _seconds(blob.get("open_since")),
        backfill,
        knows_open="open_since" in blob,
        start=_seconds(blob.get("start")),
        retries=read_retries(blob.get("retry")),
        reread=_seconds(blob.get("reread")),
    )


def read_position(blob: Mapping[str, Any]) -> tuple[Position, str | None]:
    """A state blob -> the position, and a remark for the log if it was not one of ours.

    An empty position with a remark means that the state is of no use.

    Accepts `{"updated": N}` and `{"created": N}` of Airbyte's official connector as they are; from
    its other shapes the earliest time is taken if there is one, else the stream is read again.
    """
    if not blob or blob.get("__ab_no_cursor_state_message"):
        return Position(), None
    if isinstance(blob.get("accounts"), Mapping):
        return Position(), "its state is of a sync of several accounts"
    if "backfill" in blob or set(blob) <= _OWN_KEYS:
        try:
            position = _own(blob)
            if position.backfill is None and position.watermark is None:
                raise ValueError("no time")
            return position, None
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            return Position(), "its state cannot be understood"
    if set(blob) == {"created"} and _seconds(blob["created"]) is not None:
        return Position(_seconds(blob["created"])), None
    earliest = min(_official_times(blob), default=None)
    if earliest is None:
        return Position(), "its state names no time"
    return Position(earliest), f"its state has another shape; going on from {earliest}"
