"""What has been written of the ledger -> the state that may be printed.

{"horizon": T0, "options": …, "rules": …}        begun: nothing has been written
{…, "through": …, "ledgers": text, "written": k} a first read under way: all with keys up to k
{…, "through": …, "ledgers": text}               every row up to a moment

As with all streams, only the main thread counts, after the rows in question have left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from source_stripe_saas.ledger.memory import Memory, packed, unpacked
from source_stripe_saas.ledger.set_aside import SetAside, read_set_aside
from source_stripe_saas.mrr import SEMANTICS_VERSION
from source_stripe_saas.streams.checkpoint import Checkpoint
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.skipped import SkipLog

_FIRST_RULES = "v1"
"""Named by no state that was made by them."""

_SECONDS_BETWEEN_STATES = 60.0
"""Such a state may have megabytes, and takes a second to make."""


@dataclass(frozen=True)
class LedgerCheckpoint(Checkpoint):
    """What is known once the rows that come with it have been written."""

    memories: Mapping[int, Memory | None] = field(default_factory=dict)
    """Subscriptions that changed, by key; None for those that are no longer remembered."""
    through: int | None = None
    """All that are remembered have been followed up to here."""
    written: int | None = None
    """In a first read: all with keys up to this one have been written."""
    aside: Mapping[str, int | None] = field(default_factory=dict)
    """Subscriptions that were skipped -> up to where their rows exist; None: they have none."""
    settled: tuple[str, ...] = ()
    """Subscriptions that were set aside before, and are no longer."""
    is_last: bool = False


@dataclass
class LedgerPosition:
    """Where the ledger stands; moments are Unix seconds on Stripe's clock."""

    horizon: int
    """T0 of M37: what is older was rebuilt, what is younger was followed."""
    options: str
    """Fingerprint of the options that the remembered amounts were made with."""
    through: int | None = None
    """None: nothing has been written."""
    memories: dict[int, Memory] = field(default_factory=dict)
    written: int | None = None
    """None: the first read is complete, or nothing has been written."""
    rules: str = SEMANTICS_VERSION
    """Version of the MRR rules that the rows were made by."""
    aside: SetAside = field(default_factory=SetAside)
    """Subscriptions whose rows could not be made."""

    @property
    def is_complete(self) -> bool:
        """True if every subscription has been written up to `through`."""
        return self.through is not None and self.written is None

    def blob(self) -> dict[str, Any]:
        blob: dict[str, Any] = {
            "horizon": self.horizon,
            "options": self.options,
            "rules": self.rules,
        }
        if self.through is not None:
            blob["through"] = self.through
            blob["ledgers"] = packed(self.memories, self.through)
        if self.written is not None:
            blob["written"] = self.written
        return {**blob, **self.aside.blob()}


def read_ledger_position(blob: Mapping[str, Any]) -> LedgerPosition | None:
    """A state blob -> the position; None if there is none.

    Raises:
        ValueError: it is not one of ours.
    """
    if not blob or blob.get("__ab_no_cursor_state_message"):
        return None
    horizon, options, through, written = (
        blob.get(name) for name in ("horizon", "options", "through", "written")
    )
    if not isinstance(horizon, int) or not isinstance(options, str):
        raise ValueError("names no horizon")
    rules = str(blob.get("rules") or _FIRST_RULES)
    if through is None:
        return LedgerPosition(horizon, options, rules=rules)
    if not isinstance(through, int) or not (written is None or isinstance(written, int)):
        raise ValueError("names no moment")
    memories = unpacked(str(blob.get("ledgers", "")), through)
    aside = read_set_aside(blob)
    return LedgerPosition(horizon, options, through, memories, written, rules, aside)


@dataclass
class LedgerProgress:
    """The ledger's progress in one sync, in the place of a stream's."""

    plan: StreamPlan
    position: LedgerPosition
    is_first: bool
    """No state has recorded this read yet."""
    is_done: bool = False
    skip_log: SkipLog = field(default_factory=SkipLog)
    """The subscriptions whose rows this sync lacks."""

    @property
    def seconds_between_states(self) -> float:
        """States are printed no more often than this."""
        return _SECONDS_BETWEEN_STATES

    def apply(self, checkpoint: Checkpoint) -> None:
        """Takes note that the rows of a checkpoint have been written."""
        self.skip_log.add(checkpoint.skipped)
        if not isinstance(checkpoint, LedgerCheckpoint):
            return
        position = self.position
        for key, memory in checkpoint.memories.items():
            if memory is None:
                position.memories.pop(key, None)
            else:
                position.memories[key] = memory
        for identity in checkpoint.settled:
            position.aside.since.pop(identity, None)
        for identity, since in checkpoint.aside.items():
            position.aside.put(identity, since)
        if checkpoint.through is not None:
            position.through = checkpoint.through
        if checkpoint.written is not None:
            position.written = checkpoint.written
        if checkpoint.is_last:
            position.written = None
            self.is_done = True

    def is_new_backfill(self) -> bool:
        """True for a first read that no state has recorded yet."""
        return self.is_first

    def is_complete(self) -> bool:
        """True if every row has been written."""
        return self.is_done

    def blob(self) -> dict[str, Any]:
        return self.position.blob()
