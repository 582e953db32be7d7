"""What was soaked, and what was wrong, as a file that grows seed by seed."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from integration_tests.sync_soak.scenario import Scenario


@dataclass
class Outcome:
    """Of the seeds so far."""

    commit: str | None
    first: int
    seeds: int = 0
    syncs: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    with_models: int = 0
    """Steps whose sync built the models."""
    as_people_do: int = 0
    """Seeds whose syncs were not forked."""
    problems: list[str] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def add(self, scenario: Scenario, problems: list[str]) -> None:
        """Adds a seed."""
        self.seeds += 1
        self.syncs += 2 + sum(2 if step.fault == "twice" else 1 for step in scenario.steps)
        self.faults.update(
            f"{step.fault} in --full" if step.is_full else step.fault for step in scenario.steps
        )
        self.with_models += sum(step.models_seconds is not None for step in scenario.steps)
        self.as_people_do += not scenario.is_forked
        self.problems += problems

    def write(self, path: Path) -> None:
        """Writes it as JSON."""
        content = {
            "commit": self.commit,
            "first": self.first,
            "seeds": self.seeds,
            "syncs": self.syncs,
            "with_models": self.with_models,
            "as_people_do": self.as_people_do,
            "seconds": round(time.monotonic() - self._began),
            "faults": dict(sorted(self.faults.items())),
            "problems": self.problems,
        }
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    def summary(self) -> str:
        """For people."""
        counted = ", ".join(f"{count} x {name}" for name, count in sorted(self.faults.items()))
        seconds = time.monotonic() - self._began
        return (
            f"{self.seeds} seeds, {self.syncs} syncs in {seconds:.0f} s: {counted}.\n"
            f"{len(self.problems)} problems."
        )
