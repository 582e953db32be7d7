"""Objects before and after a change -> the event that Stripe keeps of it for thirty days."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stripe_sandbox.company import ancient, legacy
from stripe_sandbox.company.ids import digest
from stripe_sandbox.company.options import BUILD_END, DAY, PINNED_VERSION
from stripe_sandbox.store import EVENT_WINDOW_SECONDS, Store, StripeObject

Shape = Callable[[StripeObject], StripeObject]

ERAS = (
    (BUILD_END - 27 * DAY, "2015-10-16"),
    (BUILD_END - 25 * DAY, "2018-02-05"),
    (BUILD_END - 22 * DAY, "2022-11-15"),
    (BUILD_END - 20 * DAY, "2024-04-10"),
    (BUILD_END - 17 * DAY, "2025-03-31.basil"),
)
"""Until when the account's default version, in which events are born, was an older one."""


def version_at(at: int) -> str:
    """The account's default API version at a moment."""
    for until, version in ERAS:
        if at < until:
            return version
    return PINNED_VERSION


class Journal:
    """Writes events into the store; those too old to be listed at the end are left out."""

    def __init__(self, store: Store, shape: Shape) -> None:
        """Keeps every event until `forget_before` is called."""
        self._store = store
        self._shape = shape
        self._matters_from = 0
        self._second = -1
        self._in_second = 0

    def forget_before(self, at: int) -> None:
        """Drops events that Stripe no longer lists, and makes none of that age any more."""
        self._matters_from = at
        events = self._store.rows.get("event", {})
        for identity in [i for i, row in events.items() if row.created < at]:
            del events[identity]
        self._store.versions["event"] = self._store.versions.get("event", 0) + 1

    @property
    def is_recording(self) -> bool:
        """False while events of this moment will be too old to be listed."""
        return self._store.now >= self._matters_from

    def picture(self, obj: StripeObject | None) -> StripeObject | None:
        """The object as events show it, to be kept as the `before` of a change."""
        return self._shape(obj) if obj is not None and self.is_recording else None

    def record(self, kind: str, obj: StripeObject, before: StripeObject | None = None) -> None:
        """Writes one event.

        Args:
            kind: its type.
            obj: the normalised object after the change (before a deletion).
            before: `picture` of the object before, for types that end in `.updated`.
        """
        if not self.is_recording:
            return
        now = self._store.now
        version = version_at(now)
        after = self._shape(obj)
        data: dict[str, Any] = {}
        if before is not None and kind.endswith(".updated"):
            before, after = legacy.reshape_pair(before, after, version, self._store)
            is_partial = version <= ancient.PARTIAL_LISTS
            previous = previous_attributes(before, after, is_partial=is_partial)
            if not previous:
                return
            data = {"object": after, "previous_attributes": previous}
        else:
            data = {"object": legacy.reshape_pair(None, after, version, self._store)[1]}
        self._in_second = self._in_second + 1 if now == self._second else 0
        self._second = now
        identity = digest("evt", kind, obj["id"], now, self._in_second)
        self._store.put(
            {
                "id": identity,
                "object": "event",
                "api_version": version,
                "created": now,
                "data": data,
                "livemode": False,
                "pending_webhooks": 0,
                "request": {"id": None, "idempotency_key": None},
                "type": kind,
            }
        )


def previous_attributes(
    before: StripeObject, after: StripeObject, *, is_partial: bool = False
) -> dict[str, Any]:
    """The old values of what changed: hashes by key, lists and list objects as a whole.

    Args:
        before: the object before the change.
        after: the object after it.
        is_partial: of lists show only the elements that changed, as very old versions did.
    """
    changed: dict[str, Any] = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old is new or old == new:
            continue
        if not (isinstance(old, dict) and isinstance(new, dict)):
            changed[key] = old
        elif old.get("object") != "list" and new.get("object") != "list":
            changed[key] = previous_attributes(old, new, is_partial=is_partial)
        elif is_partial:
            kept = {entry["id"]: entry for entry in new["data"]}
            data = [entry for entry in old["data"] if kept.get(entry["id"]) != entry]
            changed[key] = {**old, "data": data}
        else:
            changed[key] = old
    return {key: changed[key] for key in sorted(changed)}


def horizon(now: int) -> int:
    """The oldest second whose events can be read."""
    return now - EVENT_WINDOW_SECONDS
