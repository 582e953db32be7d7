"""A stream whose state is of no use -> the message that says so to the destination."""

from __future__ import annotations

import time

from airbyte_cdk.models import (
    AirbyteAnalyticsTraceMessage,
    AirbyteMessage,
    AirbyteTraceMessage,
    TraceType,
    Type,
)

from source_stripe_saas.streams.read_mode import READ_AGAIN


def read_again_message(stream_name: str) -> AirbyteMessage:
    """A trace of the kind that is for programs; the log says why, for people."""
    return AirbyteMessage(
        type=Type.TRACE,
        trace=AirbyteTraceMessage(
            type=TraceType.ANALYTICS,
            emitted_at=time.time() * 1000,
            analytics=AirbyteAnalyticsTraceMessage(type=READ_AGAIN, value=stream_name),
        ),
    )
