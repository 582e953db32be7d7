"""Rows -> the sync's last log line about them."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from source_stripe_saas.ledger.memory import Memory
from source_stripe_saas.mrr import BETTER_ESTIMATE, DIFFERS, EXPLAINED

_SHOWN = 20
"""Warnings of one kind; what comes beyond is counted."""

_log = logging.getLogger("airbyte.source_stripe_saas")


class Tally:
    """Counts one sync's rows; any thread may add to it."""

    def __init__(self) -> None:
        self._types: Counter[str] = Counter()
        self._billing: Counter[str] = Counter()
        self._adjusted = 0
        self._unpriced: set[str] = set()
        self._lock = threading.Lock()

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Counts rows, and names those of them that are in doubt (M54, M61)."""
        with self._lock:
            for row in rows:
                self._types[row["event_type"]] += 1
                is_wrong = row["adjustment_reason"] not in (None, BETTER_ESTIMATE)
                self._adjusted += is_wrong
                if is_wrong and self._adjusted <= _SHOWN:
                    _log.warning(
                        "Stream subscription_events: %s did not add up to its MRR (%s); a row of "
                        "type adjusted closes the difference of %s.",
                        row["subscription_id"],
                        row["adjustment_reason"],
                        row["mrr_delta"],
                    )
                if row["billing_check"]:
                    self._billing[row["billing_check"]] += 1
                if row["billing_check"] == DIFFERS and self._billing[DIFFERS] <= _SHOWN:
                    _log.warning(
                        "Stream subscription_events: %s does not have the MRR that its invoices "
                        "bill (minor units): %s.",
                        row["subscription_id"],
                        row["billing_note"],
                    )

    def unpriced(self, subscription_id: str, price_ids: Iterable[str]) -> None:
        """Names prices that neither the catalog nor a payload holds; their items count as 0."""
        with self._lock:
            for price in price_ids:
                if price not in self._unpriced and len(self._unpriced) < _SHOWN:
                    _log.warning(
                        "Stream subscription_events: the price %s of %s is not known, "
                        "so its items count as 0.",
                        price,
                        subscription_id,
                    )
                self._unpriced.add(price)

    def text(self, memories: Iterable[Memory]) -> str:
        """Rows by type, adjusted ones, paid invoices against the ledger, MRR by currency.

        Args:
            memories: all subscriptions, after the sync.
        """
        by_currency: Counter[str] = Counter()
        for memory in memories:
            by_currency[memory.currency] += memory.context.mrr_minor
        types = ", ".join(f"{name} {count}" for name, count in sorted(self._types.items()))
        heads = ", ".join(
            f"{currency} {minor}" for currency, minor in sorted(by_currency.items()) if minor
        )
        checked = sum(self._billing.values())
        return (
            f"MRR changes: {sum(self._types.values())} ({types or 'none'}), "
            f"{self._adjusted} adjusted. Paid invoices held against MRR: {checked}, "
            f"{self._billing[EXPLAINED]} differ as explained, {self._billing[DIFFERS]} differ "
            f"otherwise. MRR in minor units: {heads or 'none'}."
        )
