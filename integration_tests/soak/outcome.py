"""What came of one scenario, or of many; sums itself up, and keeps itself in a file."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Outcome:
    """Numbers, and what was found."""

    seeds: list[int] = field(default_factory=list)
    syncs: int = 0
    kills: int = 0
    incomplete: int = 0
    """Syncs that ended by themselves and said that they were not complete."""
    by_command: int = 0
    """Syncs that went through the installed command."""
    set_aside: int = 0
    """Objects that a sync could not have, named in its traces and asked for by the next one."""
    requests: int = 0
    records: int = 0
    objects: int = 0
    """Objects compared with a GET by id at the end."""
    deleted: int = 0
    """Objects flagged as deleted at the end."""
    ledger_rows: int = 0
    """Rows of subscription_events, each once."""
    ledger_values: int = 0
    """Amounts of MRR compared with the companies' own books."""
    ledger_put_aside: int = 0
    """Rows that a first read, taken up after most of a day or more, made anew under other ids."""
    injected: Counter[str] = field(default_factory=Counter)
    losses: list[str] = field(default_factory=list)
    commits: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other: Outcome) -> None:
        """Adds another one's numbers to these."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        self.commits = sorted(set(self.commits))

    def write(self, path: Path) -> None:
        """Keeps it in a file."""
        path.write_text(json.dumps(vars(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Outcome:
        """What `write` kept."""
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**kept, "injected": Counter(kept["injected"])})
