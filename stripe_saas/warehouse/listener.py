"""What a sync tells while it runs, to whoever started it."""

from __future__ import annotations


class SyncListener:
    """Is told of a sync and does nothing; override what is of interest.

    Everything is called in the thread that runs the sync, which waits meanwhile.
    """

    def begin(self, streams: int, expected: int | None) -> None:
        """The connector starts.

        Args:
            streams: how many will be read.
            expected: how many records will come, where it can be known.
        """

    def remark(self, text: str) -> None:
        """Something that a person should know of a stream."""

    def record(self, stream: str) -> None:
        """A record has come."""

    def state(self, stream: str) -> None:
        """A state has come: what came before it need not be read again once it is written."""

    def stream_ended(self, stream: str, problem: str | None) -> None:
        """A stream was read to its end, or why not."""
