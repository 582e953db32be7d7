"""An event -> the thin notification of it, which names the object and carries nothing of it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any


def thin(event: dict[str, Any], account_id: str) -> dict[str, Any]:
    """The notification of a snapshot event.

    Stripe sends `v1.` events in thin form with the snapshot's id in `snapshot_event`; which of the
    fields are always there is not documented.

    Args:
        event: as the API shows it.
        account_id: whose event it is.
    """
    content = event["data"]["object"]
    created = datetime.fromtimestamp(event["created"], timezone.utc)
    kind = content.get("object", "object")
    return {
        "id": f"{event['id']}_thin",
        "object": "v2.core.event",
        "type": f"v1.{event['type']}",
        "created": created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "livemode": event["livemode"],
        "context": account_id,
        "reason": None,
        "snapshot_event": event["id"],
        "related_object": {
            "id": content.get("id"),
            "type": kind,
            "url": f"/v1/{kind.rpartition('.')[2]}s/{content.get('id')}",
        },
    }
