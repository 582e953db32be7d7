"""What a soak came to -> the summary, and the place for it in the docs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from integration_tests.soak.outcome import Outcome
from stripe_sandbox.faults import KINDS

BEGIN, END = "<!-- soak: begin -->", "<!-- soak: end -->"


def summary(outcome: Outcome) -> str:
    """The numbers as Markdown."""
    run_on = f" Run on {', '.join(outcome.commits)}." if outcome.commits else ""
    lines = [
        f"Seeds {_ranges(outcome.seeds)}, {outcome.seconds / 60:.0f} minutes in all.{run_on}",
        "",
        "| What | Number |",
        "| --- | ---: |",
        f"| accounts (seeds) | {len(outcome.seeds):,} |",
        f"| syncs | {outcome.syncs:,} |",
        f"| of these killed with SIGKILL | {outcome.kills:,} |",
        f"| of these by the installed command | {outcome.by_command:,} |",
        f"| of these ended as incomplete, and said so | {outcome.incomplete:,} |",
        f"| objects refused, named and set aside | {outcome.set_aside:,} |",
        f"| requests answered | {outcome.requests:,} |",
        f"| records received | {outcome.records:,} |",
        f"| objects compared with a GET by id | {outcome.objects:,} |",
        f"| deleted objects, flagged | {outcome.deleted:,} |",
        f"| rows of `subscription_events`, each once | {outcome.ledger_rows:,} |",
        f"| of these rows' MRR, compared with the companies' books | {outcome.ledger_values:,} |",
        f"| rows made anew under other ids by a first read taken up late "
        f"| {outcome.ledger_put_aside:,} |",
        "| **losses**: missing, stale, unflagged, made up, MRR that is wrong "
        f"| **{len(outcome.losses)}** |",
        "",
        "| Fault | What it does | Injected |",
        "| --- | --- | ---: |",
    ]
    lines += [
        f"| `{name}` | {meaning} | {outcome.injected[name]:,} |" for name, meaning in KINDS.items()
    ]
    return "\n".join(lines)


def _ranges(seeds: Sequence[int]) -> str:
    """`1 to 250, 501 to 750`."""
    ordered, parts = sorted(seeds), []
    first = last = ordered[0] if ordered else 0
    for seed in [*ordered[1:], None]:
        if seed == last + 1:
            last = seed
            continue
        parts.append(f"{first} to {last}")
        first = last = seed or 0
    return ", ".join(parts)


def write_into(path: Path, text: str, begin: str = BEGIN, end: str = END) -> None:
    """Replaces what stands between two markers.

    Raises:
        ValueError: there are no markers.
    """
    before, found, rest = path.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{path} has no markers {begin} … {end}")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
