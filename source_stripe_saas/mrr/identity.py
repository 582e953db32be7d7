"""What a row is about in, its event_id out: the same fact always has the same id."""

import hashlib

SEMANTICS_VERSION = "v2"
"""Of the rules that make the rows (M36); a state of other rules is derived anew."""

_ID_VERSION = "v1"
# The same facts keep their ids under changed rules, so that their rows take the old ones' place.


def event_id(subscription_id: str, event_type: str, key: str) -> str:
    """The first 32 hex digits of the SHA-256 of version, subscription, type and key (M35)."""
    text = f"{_ID_VERSION}|{subscription_id}|{event_type}|{key}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]
