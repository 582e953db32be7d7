"""What a stream has finished once a batch of its records has been written."""

from __future__ import annotations

from dataclasses import dataclass, replace

from source_stripe_saas.streams.skipped import SkippedObject
from source_stripe_saas.streams.spans import Span

CHANGES = "changes"
"""Name of the task that reads the change feed."""

REREAD = "reread"
"""Name of the task that reads a part of the past again."""

CLOCKS = "clocks"
"""Name of the task that reads the lists of test clocks."""


@dataclass(frozen=True)
class Checkpoint:
    """What is done once the records that come with it have been written."""

    variant: str = ""
    span: Span | None = None
    """Seconds of `created` read to the end."""
    after: str | None = None
    """Last id written of a list without a `created` filter."""
    finished: bool = False
    """... and whether that was its end."""
    opened: tuple[str, ...] = ()
    """Tasks that this checkpoint adds."""
    closed: str | None = None
    """The task that this checkpoint ends."""
    oldest_open: int | None = None
    """`created` of the oldest object among the records that may change silently."""
    skipped: tuple[SkippedObject, ...] = ()
    """Objects that these records lack."""
    reread_down_to: int | None = None
    """Down to which second of `created` the past has been read again."""

    def of_carrier(self, carrier: str) -> Checkpoint:
        """The same for what one of a stream's carriers gives; "" for a stream without carriers."""
        if not carrier:
            return self
        return replace(
            self,
            variant=variant_name((("carrier", carrier),)),
            opened=tuple(task_name(name, carrier) for name in self.opened),
            closed=task_name(self.closed, carrier) if self.closed is not None else None,
        )


def task_name(name: str, carrier: str) -> str:
    """The name of a task, apart from the same task for another of a stream's carriers."""
    return f"{name} of {carrier}" if carrier else name


def variant_name(variant: tuple[tuple[str, str], ...]) -> str:
    """The name under which a variant's progress is kept."""
    return "&".join(f"{name}={value}" for name, value in variant)
