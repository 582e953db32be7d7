"""A body that Stripe signed -> which event it tells of. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

_LONGEST = 255
"""As Stripe's ids, and the store's columns."""


class NoEvent(ValueError):
    """The body is not an event, neither a snapshot nor a thin one."""


@dataclass(frozen=True)
class DeliveredEvent:
    """What an event says of itself; nothing that it says of an object is taken from it."""

    id: str
    type: str
    object_type: str | None
    object_id: str | None
    account_id: str | None
    """Whose event it is, where the event names an account."""
    livemode: bool | None
    is_thin: bool
    created_at: datetime | None


def parsed(body: bytes) -> DeliveredEvent:
    """Reads a body: a snapshot event (`event`) or a thin one (`v2.core.event`).

    Raises:
        NoEvent: it is neither.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise NoEvent("not JSON") from None
    if not isinstance(content, dict):
        raise NoEvent("no object")
    kind = content.get("object")
    if kind == "event":
        return _snapshot(content)
    if kind == "v2.core.event":
        return _thin(content)
    raise NoEvent("neither `event` nor `v2.core.event`")


def is_foreign(event: DeliveredEvent, *, mode: str, accounts: frozenset[str] | None) -> bool:
    """True for events of the other mode or of another account, which concern nothing that is read.

    Args:
        event: the event.
        mode: of the connection, `live` or `test`.
        accounts: those that the connection reads; None if any may be meant.
    """
    if event.livemode is not None and event.livemode != (mode == "live"):
        return True
    return accounts is not None and event.account_id not in (None, *accounts)


def _snapshot(content: Mapping[str, Any]) -> DeliveredEvent:
    data = content.get("data")
    named = data.get("object") if isinstance(data, dict) else None
    shown = named if isinstance(named, dict) else {}
    return DeliveredEvent(
        id=_text(content, "id"),
        type=_text(content, "type"),
        object_type=_optional(shown, "object"),
        object_id=_optional(shown, "id"),
        account_id=_optional(content, "account") or _account_of_context(content),
        livemode=_mode(content),
        is_thin=False,
        created_at=_moment(content.get("created")),
    )


def _thin(content: Mapping[str, Any]) -> DeliveredEvent:
    related = content.get("related_object")
    shown = related if isinstance(related, dict) else {}
    return DeliveredEvent(
        id=_text(content, "id"),
        # Thin events of API v1 name the snapshot's type after `v1.`.
        type=_text(content, "type").removeprefix("v1."),
        object_type=_optional(shown, "type"),
        object_id=_optional(shown, "id"),
        account_id=_account_of_context(content),
        livemode=_mode(content),
        is_thin=True,
        created_at=_moment(content.get("created")),
    )


def _account_of_context(content: Mapping[str, Any]) -> str | None:
    """`acct_…`, or the last of a path such as `org_…/acct_…`."""
    context = _optional(content, "context")
    return context.rpartition("/")[2] if context else None


def _text(content: Mapping[str, Any], name: str) -> str:
    value = _optional(content, name)
    if not value:
        raise NoEvent(f"without `{name}`")
    return value


def _optional(content: Mapping[str, Any], name: str) -> str | None:
    value = content.get(name)
    if value is None:
        return None
    # Postgres stores no zero byte, and nothing that cannot be encoded.
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        raise NoEvent(f"`{name}` is not a short text")
    return value


def _mode(content: Mapping[str, Any]) -> bool | None:
    value = content.get("livemode")
    return value if isinstance(value, bool) else None


def _moment(value: Any) -> datetime | None:
    """Of Unix seconds or ISO 8601; None for anything else, as nothing depends on it."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value.replace("Z", "+00:00"))
            return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, timezone.utc)
    except (ValueError, OverflowError, OSError):
        pass
    return None
