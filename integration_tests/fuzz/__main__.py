"""`python -m integration_tests.fuzz --cases 100000`: fuzzes, prints findings and a summary."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from integration_tests.fuzz.judging import Finding, case, judge
from source_stripe_saas.streams.plans import load_plans

_SHOWN = 20


def fuzz(first: int, cases: int) -> tuple[Counter[str], list[str]]:
    """Runs some cases.

    Returns:
        How many ended how, and the findings with their seeds.
    """
    ends: Counter[str] = Counter()
    findings = []
    plans = load_plans()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + cases):
            try:
                end = judge(case(seed, Path(folder)), plans)
            except Finding as finding:
                findings.append(f"seed {seed}: {finding}")
                continue
            ends["read" if end == "fine" else "a clear error"] += 1
    return ends, findings


def main() -> int:
    """Runs it.

    Returns:
        The exit code: 0 if there was no finding.
    """
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=1)
    arguments = parser.parse_args()
    ends, findings = fuzz(arguments.first, arguments.cases)
    print("\n".join(findings[:_SHOWN]))
    print(f"{arguments.cases} cases: {dict(ends)}, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
