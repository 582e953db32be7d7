"""A pasted key -> what the connector's check says of it, stream by stream."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from source_stripe_saas.config.settings import ConfigError, parse_settings
from source_stripe_saas.connection.check import check_connection
from source_stripe_saas.streams.plans import load_plans

_LOGGER = logging.getLogger(__name__)
_LOGGER.setLevel(logging.ERROR)
_ANY_DATE = "2010-01-01T00:00:00Z"


@dataclass(frozen=True)
class KeyCheck:
    """What a key opens."""

    is_good: bool
    text: str
    """For people, without the key."""
    account_id: str | None
    account_name: str | None
    mode: str | None
    """`live` or `test`; None if the key does not say."""
    readable: tuple[str, ...]
    """Streams."""
    refused: Mapping[str, str]
    """Stream -> why it cannot be read."""


def checked(key: str, api_url: str, streams: list[str] | None = None) -> KeyCheck:
    """Asks Stripe for one object of each list.

    Args:
        key: as somebody pasted it.
        api_url: of Stripe, or its stand-in.
        streams: those that must be readable; None: the connector's main ones.
    """
    config: dict[str, object] = {
        "client_secret": key.strip(),
        "start_date": _ANY_DATE,
        "api_url": api_url,
    }
    if streams is not None:
        config["check_streams"] = streams
    try:
        settings = parse_settings(config)
    except ConfigError as error:
        return KeyCheck(False, str(error), None, None, None, (), {})
    report = check_connection(settings, load_plans(), _LOGGER)
    account = report.account
    return KeyCheck(
        is_good=report.is_good,
        text=report.text,
        account_id=account.id if account else None,
        account_name=account.name if account else None,
        mode=settings.key_mode if settings.key_mode != "unknown" else None,
        readable=report.readable,
        refused=report.refused,
    )
