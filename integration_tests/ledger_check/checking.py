"""A seed in, one company built, read and compared out: the first sync, 28 days, 60 days."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from integration_tests.ledger_check.comparing import Verdict, compare, month_ends
from integration_tests.ledger_check.shown import DAY, Shown
from integration_tests.ledger_check.syncing import Syncs
from stripe_sandbox.account import open_account
from stripe_sandbox.company import BUILD_END
from stripe_sandbox.company.calendar import add_months
from stripe_sandbox.company.habits import HABITS

DAYS_COMPARED_TO_ONE_SYNC = 28
DAYS_OF_SMALL_SYNCS = 60


@dataclass
class Outcome:
    """What one seed came to."""

    seed: int
    first: Verdict = field(default_factory=Verdict)
    grown: Verdict = field(default_factory=Verdict)
    rows_in_parts: int = 0
    differing: list[str] = field(default_factory=list)
    """Rows of 28 small syncs that one sync does not give, and the other way round."""
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.first.wrong or self.grown.wrong or self.differing)


def check(
    seed: int,
    customers: int,
    months: int,
    *,
    is_traceable: bool = False,
    habits: frozenset[str] = frozenset(HABITS),
    days: int = DAYS_OF_SMALL_SYNCS,
    say: Callable[[str], None] = lambda text: print(text, file=sys.stderr),
) -> Outcome:
    """Builds a company and checks everything that is promised of its ledger.

    Args:
        seed: of the company.
        customers: how many sign up until the first sync.
        months: the company's age at the first sync.
        is_traceable: a company that only does what the API shows.
        habits: what it does beside the plain course of things.
        days: how many daily syncs follow; none or fewer than 28 compare less.
        say: is told what takes long.
    """
    outcome = Outcome(seed)
    watch = _Watch(outcome.seconds, say)
    account = open_account(
        "company",
        seed=seed,
        customers=customers,
        months=months,
        traceable=is_traceable,
        habits=habits,
    )
    company = account.company
    watch.lap("build")
    shown, syncs = Shown(account), Syncs()
    syncs.first(shown)
    watch.lap("first sync")
    start = add_months(BUILD_END, -months)
    moments = month_ends(start, syncs.upper)
    # What an act hides is judged by what was to be seen at the first sync.
    ledger, read_at = company.ledger(), shown.now
    before = [entry for entry in ledger if entry.at < syncs.horizon]
    late = shown.told_late()
    outcome.first = compare(ledger, syncs.rows, moments, syncs.horizon, late)
    watch.lap("comparison")
    if not days:
        return outcome
    in_parts, at_once = syncs.fork(), syncs.fork()
    for day in range(1, days + 1):
        account.advance(DAY)
        in_parts.later(shown)
        if day == DAYS_COMPARED_TO_ONE_SYNC:
            watch.lap("28 daily syncs")
            at_once.later(shown)
            outcome.rows_in_parts = sum(map(len, in_parts.rows.values()))
            outcome.differing = _differing(in_parts.as_text(), at_once.as_text())
            watch.lap("one sync of 28 days")
    watch.lap(f"{days} daily syncs")
    for key, rows in in_parts.rows.items():
        syncs.rows.setdefault(key, []).extend(rows)
    moments = month_ends(start, in_parts.upper)
    after = [entry for entry in company.ledger(read_at) if entry.at >= syncs.horizon]
    outcome.grown = compare([*before, *after], syncs.rows, moments, syncs.horizon, late)
    watch.lap("comparison again")
    return outcome


def _differing(one: list[str], other: list[str]) -> list[str]:
    if one == other:
        return []
    ours, theirs = set(one), set(other)
    found = [f"only in 28 syncs: {text}" for text in one if text not in theirs]
    found += [f"only in one sync: {text}" for text in other if text not in ours]
    return found or ["the same rows in another order"]


class _Watch:
    def __init__(self, seconds: dict[str, float], say: Callable[[str], None]) -> None:
        self._seconds, self._say, self._since = seconds, say, time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._seconds[name] = now - self._since
        self._say(f"  {name}: {now - self._since:.1f} s")
        self._since = now
