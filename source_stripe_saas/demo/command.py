"""Command-line arguments in; a simulated company read twice and compared with the truth out."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from source_stripe_saas.demo.progress import phase
from source_stripe_saas.demo.reads import DemoError, Reader, Reads
from source_stripe_saas.demo.results import other_problems, results, totals
from source_stripe_saas.demo.sandbox_process import SandboxError, running_sandbox_process
from source_stripe_saas.demo.table import StreamResult, table
from source_stripe_saas.plans import load_plans
from source_stripe_saas.sync_files.messages import NotMessages

_DAYS = 7

_NOTES = """\
Requests: as the sandbox counted them, by route. Seconds: from a stream's start to its end; streams
run side by side. A + marks a stream that comes inside another's lists or shares its route: those
requests count with the other one. `events` holds the requests of every stream's change feed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the demo's options to a parser."""
    parser.add_argument("--customers", type=int, default=500, help="default: 500")
    parser.add_argument("--months", type=int, default=24, help="the company's age; default: 24")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same company; default: 7")
    parser.add_argument(
        "--samples",
        action="store_true",
        help="no company, but a dozen or so of everything, made from Stripe's published samples",
    )
    parser.add_argument(
        "--unpaced",
        action="store_true",
        help="send requests as fast as the sandbox answers, beyond the limits that Stripe sets",
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep config, catalog, messages and state there"
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the demo.

    Returns:
        0 if every stream matched the sandbox's truth after both reads, else 1.
    """
    out = sys.stdout
    try:
        with _folder(arguments.keep) as folder, ExitStack() as running:
            with phase(out, "sandbox") as starting:
                starting.update("building the account")
                sandbox = running.enter_context(
                    running_sandbox_process(_sandbox_options(arguments))
                )
                starting.result = sandbox.url
            reads = Reader(sandbox, folder, out, is_paced=not arguments.unpaced).reads(_DAYS)
    except (DemoError, SandboxError, NotMessages, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return _report(reads, out, pace="no limit" if arguments.unpaced else "Stripe's own limits")


def _report(reads: Reads, out: TextIO, *, pace: str) -> int:
    """Writes the table, the differences and the verdict; gives the exit code."""
    plans = load_plans()
    rows = results(reads, plans)
    print("", *table(rows, totals(reads), _DAYS), "", _NOTES, "", sep="\n", file=out)
    problems = [f"{row.name}: {problem}" for row in rows for problem in row.problems]
    problems += other_problems(reads)
    for problem in problems:
        print(problem, file=out)
    full, later = reads.full, reads.incremental
    print(
        f"Full read: {full.output.records:,} records in {full.seconds:.1f} s, "
        f"{full.records_per_second:,.0f} records/s, start-up included.\n"
        f"{_DAYS} days later: {later.output.records:,} records in {later.seconds:.1f} s. "
        f"Requests were held to {pace}.",
        file=out,
    )
    print(verdict(rows, problems), file=out)
    return 1 if problems else 0


def verdict(rows: Sequence[StreamResult], problems: Sequence[str]) -> str:
    """One line on how it went."""
    if not problems:
        return f"All {len(rows)} streams match the sandbox, after both reads."
    wrong = [row.name for row in rows if row.problems]
    if not wrong:
        return "MISMATCH: the ids match, but the connector did not end well."
    return f"MISMATCH: {len(wrong)} of {len(rows)} streams differ: {', '.join(wrong)}."


def _sandbox_options(arguments: argparse.Namespace) -> list[str]:
    # In live mode Stripe allows four times as many requests as in test mode.
    options = ["--livemode", "--seed", str(arguments.seed)]
    if arguments.samples:
        return [*options, "--samples"]
    return [*options, "--customers", str(arguments.customers), "--months", str(arguments.months)]


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    """Where the files go: the user's folder, or one that is gone afterwards."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="stripe-saas-demo-") as folder:
        yield Path(folder)
