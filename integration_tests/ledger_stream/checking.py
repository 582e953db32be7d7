"""A company's world in, its ledger as the connector reads it out: first, in 28 days, in 60."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from integration_tests.ledger_check.comparing import Verdict, compare, month_ends
from integration_tests.ledger_check.shown import Shown
from integration_tests.ledger_stream.connection import Connection
from integration_tests.world import World
from stripe_sandbox.company import BUILD_END
from stripe_sandbox.company.calendar import add_months

DAYS_COMPARED_TO_ONE_SYNC = 28

Row = dict[str, Any]


@dataclass
class Outcome:
    """What one company came to."""

    first: Verdict = field(default_factory=Verdict)
    grown: Verdict = field(default_factory=Verdict)
    rows_in_parts: int = 0
    differing: list[str] = field(default_factory=list)
    """Rows of 28 daily syncs that one sync does not give, and the other way round."""
    warnings: list[str] = field(default_factory=list)
    """What the connector's log warned of."""

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.first.wrong or self.grown.wrong or self.differing or self.warnings)


def check(world: World, months: int, days: int) -> Outcome:
    """Reads a company once and then daily, and compares with what it knows of itself.

    Args:
        world: a company of some customers, as it was built.
        months: its age.
        days: of daily syncs after the first.
    """
    outcome = Outcome()
    company = world.account.company
    first = Connection(world)
    first.sync()
    assert first.state is not None
    horizon = first.state["horizon"]
    # What an act hides is judged by what was to be seen at the first sync.
    before = [entry for entry in company.ledger() if entry.at < horizon]
    late = Shown(world.account).told_late()
    start = add_months(BUILD_END, -months)

    def compared(entries: Sequence[Any], rows: Mapping[str, list[Row]], end: int) -> Verdict:
        return compare(entries, rows, month_ends(start, end), horizon, late)

    outcome.first = compared(company.ledger(), first.by_subscription(), first.state["through"])
    in_parts, at_once = first.fork(), first.fork()
    runs = [first.last]
    for day in range(1, days + 1):
        world.advance(1)
        runs.append(in_parts.sync())
        if day == DAYS_COMPARED_TO_ONE_SYNC:
            runs.append(at_once.sync())
            outcome.rows_in_parts = len(in_parts.rows)
            outcome.differing = differing(in_parts.as_text(), at_once.as_text())
    if days:
        first.rows += in_parts.rows
        after = [entry for entry in company.ledger() if entry.at >= horizon]
        end = (in_parts.state or {})["through"]
        outcome.grown = compared([*before, *after], first.by_subscription(), end)
    outcome.warnings = [
        log["message"]
        for run in runs
        if run is not None
        for log in run.logs
        if log["level"] not in ("INFO", "DEBUG")
    ]
    return outcome


def differing(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """Rows that only one of two readings has, or that come in another order."""
    if one == other:
        return []
    ours, theirs = set(one), set(other)
    found = [f"only in parts: {text}" for text in one if text not in theirs]
    found += [f"only at once: {text}" for text in other if text not in ours]
    return found or ["the same rows in another order"]
