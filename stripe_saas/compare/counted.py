"""Facts of subscriptions, rules and a moment in; each one's exact MRR just before it out; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from source_stripe_saas.mrr import EXACT_COLUMN, Catalog, Facts, Options, derive_subscription
from source_stripe_saas.mrr.exact import round_half_up
from source_stripe_saas.mrr.moment import seconds_of
from stripe_saas.compare.rules import CompareError, Rules
from stripe_saas.compare.taxes import TaxRates

DAY_SECONDS = 86_400
Key = tuple[str, str]
"""A client (a customer of Stripe's) and a currency."""


@dataclass(frozen=True)
class Value:
    """What one subscription is worth at the month's end."""

    key: Key
    exact: Fraction
    """Minor units a month."""
    past_due_since: int | None
    """Unix seconds; None if it is not."""


@dataclass
class Evidence:
    """All that the MRR of some clients is worked out from, again and again by other rules."""

    facts: list[Facts]
    catalog: Catalog
    taxes: TaxRates
    ends_at: int
    """The first second that does not count any more, Unix."""
    _derived: tuple[Options, dict[str, Value]] | None = None

    def counted(self, rules: Rules) -> dict[Key, int]:
        """MRR by client and currency, in minor units a month, at the month's end.

        Raises:
            CompareError: an object cannot be read.
        """
        exact: dict[Key, list[Fraction]] = defaultdict(list)
        for key, value in self._values(rules):
            exact[key].append(value)
        if rules.rounding == "client":
            return {key: round_half_up(sum(values, Fraction(0))) for key, values in exact.items()}
        return {key: sum(map(round_half_up, values)) for key, values in exact.items()}

    def _values(self, rules: Rules) -> Iterator[tuple[Key, Fraction]]:
        if self._derived is None or self._derived[0] != rules.options:
            self._derived = rules.options, dict(self._derive(rules.options))
        for subscription, value in self._derived[1].items():
            exact, since = value.exact, value.past_due_since
            if rules.past_due_days != "any" and since is not None:
                is_long = self.ends_at - since > int(rules.past_due_days) * DAY_SECONDS
                exact = Fraction(0) if is_long else exact
            if rules.taxes == "include" and exact:
                exact *= 1 + self.taxes.of(subscription, self.ends_at)
            yield value.key, exact

    def _derive(self, options: Options) -> Iterator[tuple[str, Value]]:
        for facts in self.facts:
            try:
                rows, _ = derive_subscription(facts, self.catalog, options)
            except (ValueError, TypeError, AttributeError, KeyError, ZeroDivisionError) as error:
                raise CompareError(f"{facts.subscription_id} cannot be read: {error!r}.") from error
            value = value_before(rows, self.ends_at)
            if value is not None:
                yield facts.subscription_id, value


def value_before(rows: Iterable[Mapping[str, Any]], ends_at: int) -> Value | None:
    """What a subscription's rows, in the ledger's order (M50), say of a moment.

    Args:
        rows: with `mrr_exact_after`.
        ends_at: Unix seconds; rows of this second do not count any more.

    Returns:
        None if there was no such subscription yet.
    """
    last, since = None, None
    for row in rows:
        at = seconds_of(row["occurred_at"])
        if at >= ends_at:
            break
        last = row
        if row["status_after"] != "past_due":
            since = None
        elif since is None:
            since = at
    if last is None:
        return None
    key = str(last["customer_id"]), str(last["currency"])
    return Value(key, Fraction(last[EXACT_COLUMN]), since)
