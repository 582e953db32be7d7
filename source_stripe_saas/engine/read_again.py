"""What a destination should know of a stream that no record says -> a trace for programs."""

from __future__ import annotations

import time
from collections.abc import Iterable

from airbyte_cdk.models import (
    AirbyteAnalyticsTraceMessage,
    AirbyteMessage,
    AirbyteTraceMessage,
    TraceType,
    Type,
)

from source_stripe_saas.streams.read_mode import LACKS_ACCOUNTS, READ_AGAIN


def read_again_message(stream_name: str, account_id: str = "") -> AirbyteMessage:
    """A stream's state is of no use; the log says why, for people.

    Args:
        stream_name: the stream.
        account_id: the account of several whose state it is; empty: all there is is read again.
    """
    return _trace(READ_AGAIN, f"{stream_name} {account_id}".rstrip())


def lacks_accounts_message(stream_name: str, account_ids: Iterable[str]) -> AirbyteMessage:
    """A stream was read to its end in all of several accounts but these."""
    return _trace(LACKS_ACCOUNTS, " ".join((stream_name, *account_ids)))


def _trace(kind: str, value: str) -> AirbyteMessage:
    return AirbyteMessage(
        type=Type.TRACE,
        trace=AirbyteTraceMessage(
            type=TraceType.ANALYTICS,
            emitted_at=time.time() * 1000,
            analytics=AirbyteAnalyticsTraceMessage(type=kind, value=value),
        ),
    )
