"""`python -m integration_tests.ledger_check`: companies of many seeds against their own ledgers.

Prints what was compared, what was wrong where Stripe's data tells, and what it does not tell, by
reason.
Everything runs in this process; a company of 2,000 customers and 36 months takes some minutes.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections import Counter
from collections.abc import Sequence

from integration_tests.ledger_check.checking import DAYS_OF_SMALL_SYNCS, Outcome, check
from stripe_sandbox.company.habits import parse_habits

_SHOWN = 60


def main() -> int:
    """Checks each seed.

    Returns:
        The exit code: 0 if every value that can be known is exact.
    """
    parser = argparse.ArgumentParser(prog="ledger_check", description=__doc__)
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--seeds", type=int, default=10, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--days", type=int, default=DAYS_OF_SMALL_SYNCS, help="of daily syncs")
    parser.add_argument("--traceable", action="store_true")
    parser.add_argument("--habits", type=parse_habits, default="all", help="all, none or names")
    arguments = parser.parse_args()
    # The heap of a company only grows; looking through it again and again would take half the time.
    gc.disable()
    outcomes = []
    types: Counter[str] = Counter()
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        outcome = check(
            seed,
            arguments.customers,
            arguments.months,
            is_traceable=arguments.traceable,
            habits=arguments.habits,
            days=arguments.days,
        )
        _report(outcome)
        types += outcome.first.types
        outcomes.append(outcome)
        gc.collect()
    print("rows by type:", dict(sorted(types.items())))
    print("\n".join(summary(outcomes)))
    good = sum(outcome.is_good for outcome in outcomes)
    print(f"{good} of {len(outcomes)} seeds without a finding")
    return 0 if good == len(outcomes) else 1


def summary(outcomes: Sequence[Outcome]) -> list[str]:
    """How many values were wrong where Stripe's data tells, and what it does not tell, by reason.

    Each seed counts as it stood last: with the days after its first sync, if there were any.
    """
    last = [one.grown if one.grown.equal or one.grown.wrong else one.first for one in outcomes]
    wrong = sum(len(verdict.wrong) for verdict in last)
    equal = sum(verdict.equal for verdict in last)
    hidden: Counter[str] = Counter()
    for verdict in last:
        hidden += verdict.hidden
    lines = [
        f"{wrong} wrong values where Stripe's data tells, {equal} right",
        f"{sum(hidden.values())} values are not knowable from it, by reason:",
    ]
    return lines + [f"  {count} {why}" for why, count in hidden.most_common()]


def _report(outcome: Outcome) -> None:
    print(f"seed {outcome.seed}")
    for name, verdict in (("first sync", outcome.first), ("60 days on", outcome.grown)):
        if not (verdict.equal or verdict.wrong):
            continue
        hidden = sum(verdict.hidden.values())
        at_changes = verdict.equal - verdict.equal_at_month_ends
        print(
            f"  {name}: {verdict.equal_at_month_ends} values equal at month ends and now, "
            f"{at_changes} more at changes"
        )
        print(
            f"    {verdict.adjusted} rows adjusted, {verdict.corrected} more where an estimate was "
            f"refuted, {len(verdict.wrong)} values wrong"
        )
        print(f"    {hidden} not exactly knowable, {verdict.mixed} of them with a change on top")
        for why, count in verdict.hidden.most_common():
            print(f"      {count} hidden by {why}")
        print(f"    invoices against the ledger: {dict(sorted(verdict.billing.items()))}")
        for line in verdict.billed_otherwise[:_SHOWN]:
            print(f"    BILLED OTHERWISE {line}")
        for line in verdict.wrong[:_SHOWN]:
            print(f"    WRONG {line}")
    if outcome.rows_in_parts:
        verdict = "the same" if not outcome.differing else f"{len(outcome.differing)} differ"
        print(f"  28 daily syncs: {outcome.rows_in_parts} rows, against one sync: {verdict}")
        for line in outcome.differing[:_SHOWN]:
            print(f"    DIFFERS {line[:330]}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
