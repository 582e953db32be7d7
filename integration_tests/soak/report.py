"""What a soak came to -> the summary, and the place for it in the docs."""

from __future__ import annotations

from pathlib import Path

from integration_tests.soak.soak import Outcome
from source_stripe_saas.sandbox.faults import KINDS

BEGIN, END = "<!-- soak: begin -->", "<!-- soak: end -->"


def summary(outcome: Outcome, seconds: float, first: int) -> str:
    """The numbers as Markdown."""
    last = first + outcome.seeds - 1
    lines = [
        f"Seeds {first} to {last}, {seconds / 60:.0f} minutes.",
        "",
        "| What | Number |",
        "| --- | ---: |",
        f"| accounts (seeds) | {outcome.seeds:,} |",
        f"| syncs | {outcome.syncs:,} |",
        f"| of these killed with SIGKILL | {outcome.kills:,} |",
        f"| of these ended as incomplete, and said so | {outcome.incomplete:,} |",
        f"| requests answered | {outcome.requests:,} |",
        f"| records received | {outcome.records:,} |",
        f"| objects compared with a GET by id | {outcome.objects:,} |",
        f"| deleted objects, flagged | {outcome.deleted:,} |",
        f"| **losses**: missing, stale, unflagged, made up | **{len(outcome.losses)}** |",
        "",
        "| Fault | What it does | Injected |",
        "| --- | --- | ---: |",
    ]
    lines += [
        f"| `{name}` | {meaning} | {outcome.injected[name]:,} |" for name, meaning in KINDS.items()
    ]
    return "\n".join(lines)


def write_into(path: Path, text: str) -> None:
    """Replaces what stands between the markers.

    Raises:
        ValueError: there are no markers.
    """
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no markers {BEGIN} … {END}")
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
