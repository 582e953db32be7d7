"""One run of the unit tests under coverage -> which tests run a line, the quickest first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import coverage
import pytest

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "mutants"
_DATA, _SECONDS = CACHE / "coverage", CACHE / "seconds.json"


@dataclass(frozen=True)
class CoverageMap:
    """Lines of the code -> the tests that run them."""

    by_line: dict[str, dict[int, list[str]]]
    """File -> line -> tests; lines that run when the module is imported have none."""
    seconds: dict[str, float]
    """What each test takes."""

    def tests(self, file: Path, first: int, last: int) -> list[str]:
        """Tests that run some lines, the quickest first; for a module's own lines all its tests."""
        lines = self.by_line.get(str(file), {})
        found = {test for line in range(first, last + 1) for test in lines.get(line, ())}
        if not found:
            found = {test for tests in lines.values() for test in tests}
        return sorted(found, key=lambda test: (self.seconds.get(test, 0.0), test))


def record(tests: list[str]) -> None:
    """Runs tests once and stores what they pass through.

    Args:
        tests: files or folders.

    Raises:
        subprocess.CalledProcessError: they do not pass as the code stands.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    options = ["-q", "-n", "0", "-p", "tools.mutants.coverage_map", "--cov=source_stripe_saas"]
    options += ["--cov-context=test", "--cov-report=", "--no-cov-on-fail"]
    subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=ROOT,
        env={**os.environ, "COVERAGE_FILE": str(_DATA)},
        check=True,
    )


def load() -> CoverageMap:
    """What `record` has stored."""
    data = coverage.CoverageData(str(_DATA))
    data.read()
    by_line: dict[str, dict[int, list[str]]] = {}
    for file in data.measured_files():
        lines: defaultdict[int, set[str]] = defaultdict(set)
        for line, contexts in data.contexts_by_lineno(file).items():
            lines[line] = {context.rpartition("|")[0] for context in contexts if context}
        by_line[file] = {line: sorted(tests) for line, tests in lines.items()}
    return CoverageMap(by_line, json.loads(_SECONDS.read_text(encoding="utf-8")))


# -- a plugin of pytest ----------------------------------------------------------------------------

_seconds: defaultdict[str, float] = defaultdict(float)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Adds up what a test takes."""
    _seconds[report.nodeid] += report.duration


def pytest_sessionfinish() -> None:
    """Stores it."""
    _SECONDS.write_text(json.dumps(_seconds), encoding="utf-8")
