"""ISO 8601 text to Unix seconds and back: the ledger's only clock is the one its input carries."""

from datetime import datetime, timezone
from functools import lru_cache

DAY_SECONDS = 86_400
# What happens within a minute of creation was asked for with it (M46).
BIRTH_SECONDS = 60


@lru_cache(maxsize=4096)
def iso(seconds: int) -> str:
    """Unix seconds as UTC ISO 8601 text."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text: str) -> int:
    """ISO 8601 text as Unix seconds; a time without a zone is UTC.

    Raises:
        ValueError: the text is no ISO 8601 time.
    """
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return int(moment.timestamp())
