"""What is held and what Stripe lists -> what is missing, extra or stale; no I/O."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from source_stripe_saas.streams.plan import StreamPlan
from stripe_saas.verify.content import Column, differing
from stripe_saas.verify.holdings import Held, Key, Row
from stripe_saas.verify.since import Since

Kind = Literal["missing", "extra", "stale"]

NO_MONTH = "-"
"""The month of objects without one."""


@dataclass(frozen=True, order=True)
class Finding:
    """One object that is held otherwise than Stripe has it, or not at all."""

    stream: str
    month: str
    """Of the object's `created`, or of its parent's."""
    kind: Kind
    id: str
    """The parts of the primary key, joined by `/`."""
    fields: tuple[str, ...] = ()
    """The fields that differ, of a stale row."""


@dataclass
class Compared:
    """The result of a comparison of some rows."""

    findings: list[Finding] = field(default_factory=list)
    objects: int = 0
    """How many of Stripe's objects were compared."""
    newer: int = 0
    """Of these, how many were created or changed after the last sync and are not judged."""
    unasked: int = 0
    """Rows that Stripe does not list and that were not requested by id: counted as extra."""

    def add(self, other: Compared) -> None:
        """Adds another one's findings to these."""
        self.findings += other.findings
        self.objects += other.objects
        self.newer += other.newer
        self.unasked += other.unasked


@dataclass(frozen=True)
class Comparison:
    """What comparing one stream's rows needs to know."""

    plan: StreamPlan
    index: Mapping[Key, Held]
    """All rows that are held."""
    since: Since
    start: int
    """Objects from before this moment need not be held, Unix seconds."""
    copied: Collection[str]
    column: Column
    written: Callable[[Row], Row] = lambda record: record
    """What the config makes of a record before it is written: personal data hashed or dropped."""

    def unheld(self, records: Mapping[Key, Row], moments: Mapping[Key, int | None]) -> list[Key]:
        """Stripe's objects that should be held and are not."""
        return [
            key
            for key, record in records.items()
            if key not in self.index
            and not self.since.is_newer(key, record, moments[key])
            and not self._is_before_start(moments[key])
        ]

    def stale(
        self, records: Mapping[Key, Row], moments: Mapping[Key, int | None], rows: Mapping[Key, Row]
    ) -> dict[Key, tuple[str, ...]]:
        """Objects whose rows differ from Stripe's, with the fields.

        Args:
            records: Stripe's objects, as the connector would write them.
            moments: their `created`, or their parents'.
            rows: the rows that are held of them.
        """
        found = {}
        for key, record in records.items():
            if key not in rows or self.since.is_newer(key, record, moments[key]):
                continue
            current = self.written(record)
            fields = differing(
                self.plan, rows[key], current, copied=self.copied, column=self.column
            )
            if self.index[key].is_deleted:
                fields = ["is_deleted", *fields]
            if fields:
                found[key] = tuple(fields)
        return found

    def newer(self, records: Mapping[Key, Row], moments: Mapping[Key, int | None]) -> int:
        """How many of Stripe's objects are not judged."""
        return sum(
            self.since.is_newer(key, record, moments[key]) for key, record in records.items()
        )

    def unlisted(self, held: Sequence[Key], records: Mapping[Key, Row]) -> list[Key]:
        """Rows that Stripe's list does not have, and that are not flagged as deleted."""
        return [key for key in held if key not in records and not self.index[key].is_deleted]

    def _is_before_start(self, moment: int | None) -> bool:
        return moment is not None and moment < self.start
