"""`python -m integration_tests.stalled_reader --runs 100`: many syncs by a reader that stalls."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from integration_tests.stalled_reader.stalled_syncs import stalled_syncs


def main() -> int:
    """Runs the syncs and prints their figures; 1 if a line was torn or a record is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = stalled_syncs(arguments.runs, Path(folder))
    print(figures)
    return 1 if figures.torn or figures.missing or figures.incomplete else 0


if __name__ == "__main__":
    sys.exit(main())
