"""A stream's `Progress` in the place where the CDK wants a cursor."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import Any, Protocol

from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    StreamDescriptor,
    Type,
)
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record

from source_stripe_saas.streams.checkpoint import Checkpoint
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.skipped import SkipLog

_SECONDS_BETWEEN_STATES = 1.0


class AnyProgress(Protocol):
    """A stream's progress in one sync; only the main thread uses it."""

    plan: StreamPlan
    skip_log: SkipLog

    @property
    def seconds_between_states(self) -> float:
        """States are to be printed no more often than this."""
        ...

    def apply(self, checkpoint: Checkpoint) -> None:
        """Records that the records of a checkpoint have been written."""
        ...

    def is_new_backfill(self) -> bool:
        """True for a first read that no state has recorded yet."""
        ...

    def blob(self) -> dict[str, Any]:
        """The state that is true at this moment."""
        ...


class ProgressCursor(Cursor):
    """Counts nothing itself: pages carry their checkpoints, and the main thread applies them here.

    The CDK calls `observe` and `close_partition` from its worker threads, before the records have
    left the process, so neither may count anything.
    """

    def __init__(self, stream_name: str) -> None:
        self._stream_name = stream_name
        self._last_state_at = time.monotonic()
        self.progress: AnyProgress | None = None
        """Set when the sync of this stream begins."""

    @property
    def state(self) -> MutableMapping[str, Any]:
        """The state that is true of what has been written."""
        if self.progress is None:
            return {}
        if not self.progress.plan.is_incremental:
            return {"__ab_no_cursor_state_message": True}
        return self.progress.blob()

    def apply(self, checkpoint: Checkpoint) -> None:
        """Counts a checkpoint whose records have been handed on for writing."""
        assert self.progress is not None, "a page came before the stream began"
        self.progress.apply(checkpoint)

    def opening_state(self) -> AirbyteMessage | None:
        """The state of a first read that is about to print its first records.

        A read that is killed before its first state would begin anew, at a later moment: what its
        records showed and was deleted in between, no later read would report.
        """
        if self.progress is None or not self.progress.is_new_backfill():
            return None
        return self.state_message()

    def due_state(self) -> AirbyteMessage | None:
        """A state message if the last one is long enough ago."""
        now = time.monotonic()
        if self.progress is None or not self.progress.plan.is_incremental:
            return None
        pause = max(_SECONDS_BETWEEN_STATES, self.progress.seconds_between_states)
        if now - self._last_state_at < pause:
            return None
        self._last_state_at = now
        return self.state_message()

    def state_message(self) -> AirbyteMessage:
        """The present state as a message."""
        return AirbyteMessage(
            type=Type.STATE,
            state=AirbyteStateMessage(
                type=AirbyteStateType.STREAM,
                stream=AirbyteStreamState(
                    stream_descriptor=StreamDescriptor(name=self._stream_name),
                    stream_state=AirbyteStateBlob(self.state),
                ),
            ),
        )

    @property
    def skip_log(self) -> SkipLog:
        """The objects that this sync of the stream lacks."""
        return self.progress.skip_log if self.progress is not None else SkipLog()

    def observe(self, record: Record) -> None:
        """Nothing: see the class."""

    def close_partition(self, partition: Partition) -> None:
        """Nothing: see the class."""

    def ensure_at_least_one_state_emitted(self) -> None:
        """Nothing: the core prints the last state itself, ahead of the stream's status."""

    def should_be_synced(self, record: Record) -> bool:
        return True
