"""What a row is about in, its event_id out: the same fact always has the same id."""

import hashlib

SEMANTICS_VERSION = "v1"


def event_id(subscription_id: str, event_type: str, key: str) -> str:
    """The first 32 hex digits of the SHA-256 of version, subscription, type and key (M35)."""
    text = f"{SEMANTICS_VERSION}|{subscription_id}|{event_type}|{key}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]
