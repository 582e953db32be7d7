"""`python -m tools.same_collection --runs 30`: collects the tests so often, and compares their ids.

pytest-xdist collects in each of its processes and runs no test at all if two lists differ, as they
do once an id holds the time, an address or the order of a set.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

_SECONDS_BETWEEN = 1.1
"""More than a second, since an id may hold one."""


def collected(*paths: str) -> list[str]:
    """The ids of the tests, in their order, by a process of its own.

    Args:
        paths: what is collected; everything by default.

    Raises:
        CalledProcessError: the collection failed.
    """
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", *paths]
    # Each process hashes in its own way, as those of pytest-xdist on several machines would.
    environment = {**os.environ, "PYTHONHASHSEED": "random"}
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return [line for line in ended.stdout.splitlines() if "::" in line]


def differences(runs: int, *paths: str) -> list[str]:
    """The ids that were not in every one of so many collections; empty if all were the same.

    Args:
        runs: at least 2.
        paths: as above.
    """
    first = collected(*paths)
    found: set[str] = set()
    for _ in range(runs - 1):
        time.sleep(_SECONDS_BETWEEN)
        again = collected(*paths)
        found |= set(first) ^ set(again)
        if again != first and not found:
            found.add("the same ids in another order")
    return sorted(found)


def main() -> int:
    """Prints how many ids differ; 1 if any does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    arguments = parser.parse_args()
    found = differences(arguments.runs)
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{arguments.runs} collections: {len(found)} ids differ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
