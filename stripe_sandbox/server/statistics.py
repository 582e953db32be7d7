"""Requests in; how many of which kind there were out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Statistics:
    """What was asked of the API since the last reset."""

    routes: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    bytes_sent: int = 0

    def note(self, method: str, route: str, status: int, sent: int) -> None:
        """Counts one request."""
        self.routes[route] += 1
        self.methods[method] += 1
        self.statuses[str(status)] += 1
        self.bytes_sent += sent
        if status >= 400:
            self.errors[f"{method} {route} {status}"] += 1

    def as_json(self) -> dict[str, Any]:
        """The counts."""
        return {
            "requests": sum(self.methods.values()),
            "bytes_sent": self.bytes_sent,
            "routes": dict(sorted(self.routes.items())),
            "methods": dict(sorted(self.methods.items())),
            "statuses": dict(sorted(self.statuses.items())),
            "errors": dict(sorted(self.errors.items())),
        }

    def reset(self) -> None:
        """Starts counting anew."""
        self.routes.clear()
        self.methods.clear()
        self.statuses.clear()
        self.errors.clear()
        self.bytes_sent = 0
