"""Syncs of one company in, the rows of each out, from contexts that went through their text."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from integration_tests.ledger_check.shown import Shown
from source_stripe_saas.mrr import Context, Options, derive_subscription

Row = dict[str, Any]


class Syncs:
    """One connection: rows so far, and what it remembers."""

    def __init__(self, options: Options | None = None) -> None:
        """Nothing has been read."""
        self.options = options or Options()
        self.rows: dict[str, list[Row]] = {}
        self.contexts: dict[str, str] = {}
        self.horizon = 0
        self.upper = 0

    def fork(self) -> Syncs:
        """Another connection with the same memory, and no rows of its own yet."""
        other = Syncs(self.options)
        other.contexts = dict(self.contexts)
        other.horizon, other.upper = self.horizon, self.upper
        return other

    def first(self, shown: Shown) -> None:
        """Reads everything."""
        catalog = shown.catalog()
        for facts in shown.first_facts():
            self.horizon = facts.horizon or 0
            self._take(*derive_subscription(facts, catalog, self.options), facts.subscription_id)
        self.upper = shown.upper

    def later(self, shown: Shown) -> int:
        """Reads what has moved, and returns how many subscriptions that were."""
        catalog = shown.catalog()
        contexts = {key: Context.from_json(json.loads(text)) for key, text in self.contexts.items()}
        due = [
            key
            for key, context in contexts.items()
            if context.next_end is not None and context.next_end <= shown.upper
        ]
        count = 0
        for facts in shown.later_facts(self.upper, self.horizon, due):
            key = facts.subscription_id
            context = contexts.get(key)
            if context is not None:
                context = replace(context, through=self.upper)
            self._take(*derive_subscription(facts, catalog, self.options, context), key)
            count += 1
        self.upper = shown.upper
        return count

    def _take(self, rows: list[Row], context: Context, key: str) -> None:
        self.rows.setdefault(key, []).extend(rows)
        self.contexts[key] = json.dumps(context.compact().to_json())

    def as_text(self) -> list[str]:
        """Every row as it would be written, by subscription and sequence."""
        return [json.dumps(row) for key in sorted(self.rows) for row in self.rows[key]]
