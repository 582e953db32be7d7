"""A running sandbox, read twice by the protocol's own commands -> every id compared, a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from source_stripe_saas.streams.plans import load_plans
from stripe_saas.demo.reads import Reader, Reads
from stripe_saas.demo.results import other_problems, results, totals
from stripe_saas.demo.sandbox_process import SandboxProcess
from stripe_saas.demo.table import StreamResult, table

_NOTES = """\
Requests: as the sandbox counted them, by route. Seconds: from a stream's start to its end; streams
run side by side. A + marks a stream that comes inside another's lists or shares its route: those
requests count with the other one. `events` holds the requests of every stream's change feed."""


def compare_ids(
    sandbox: SandboxProcess, folder: Path, out: TextIO, *, days: int, is_paced: bool
) -> bool:
    """Reads everything, lets days pass, reads what changed; True if every id is right.

    Args:
        sandbox: what is read.
        folder: for config, catalog, messages and state.
        out: gets the progress.
        days: between the two reads.
        is_paced: whether requests keep to the limits that Stripe sets.

    Raises:
        DemoError: the connector did not get as far as being compared.
    """
    reads = Reader(sandbox, folder, out, is_paced=is_paced).reads(days)
    return _report(reads, out, days, pace="Stripe's own limits" if is_paced else "no limit")


def _report(reads: Reads, out: TextIO, days: int, *, pace: str) -> bool:
    """Writes the table, the differences and the verdict; True if all is right."""
    plans = load_plans()
    rows = results(reads, plans)
    print("", *table(rows, totals(reads), days), "", _NOTES, "", sep="\n", file=out)
    problems = [f"{row.name}: {problem}" for row in rows for problem in row.problems]
    problems += other_problems(reads)
    for problem in problems:
        print(problem, file=out)
    full, later = reads.full, reads.incremental
    print(
        f"Full read: {full.output.records:,} records in {full.seconds:.1f} s, "
        f"{full.records_per_second:,.0f} records/s, start-up included.\n"
        f"{days} days later: {later.output.records:,} records in {later.seconds:.1f} s. "
        f"Requests were held to {pace}.",
        file=out,
    )
    print(verdict(rows, problems), file=out)
    return not problems


def verdict(rows: Sequence[StreamResult], problems: Sequence[str]) -> str:
    """One line on how it went."""
    if not problems:
        return f"All {len(rows)} streams match the sandbox, after both reads."
    wrong = [row.name for row in rows if row.problems]
    if not wrong:
        return "MISMATCH: the ids match, but the connector did not end well."
    return f"MISMATCH: {len(wrong)} of {len(rows)} streams differ: {', '.join(wrong)}."
