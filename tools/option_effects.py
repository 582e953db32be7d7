"""A simulated company counted by every MRR option -> the table in `docs/options.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration_tests.ledger_check.shown import Shown
from integration_tests.ledger_check.syncing import Syncs
from source_stripe_saas.mrr.options import CHOICES, PRESETS, Options, options_from
from stripe_sandbox.account import open_account

FILE = Path(__file__).parents[1] / "docs" / "options.md"
COMPANY = {"seed": 7, "customers": 300, "months": 24}
CURRENCY = "usd"

_MEANINGS = {
    "preset: stripe": "as Stripe's own dashboard counts, approximately",
    "preset: chartmogul": "as ChartMogul counts, approximately",
    "preset: profitwell": "as ProfitWell counts, approximately",
    "discounts: none": "list prices: no coupon lowers MRR",
    "discounts: recurring": "coupons for some months lower it too",
    "discounts: all": "and those for a single invoice",
    "churn_at: request": "a cancellation counts when it is asked for",
    "past_due: exclude": "nothing counts while a payment is being retried",
    "unpaid: count": "still counted after the last retry",
    "pause_collection: count": "paused collection counts, whatever becomes of its invoices",
    "pause_collection: exclude": "paused collection does not count",
    "trials: include": "trials count from their first day",
    "free_periods: exclude": "a trial given to a payer does not count",
    "metered: last_invoice": "what the last paid invoice billed for usage counts",
    "new_mrr_at: first_payment": "new MRR begins when the first invoice is paid",
    "backdated_start: start_date": "backdated subscriptions begin on the date they were given",
    "zero_price_movement: contraction": "going to 0 by price or discount is no churn",
    "weeks_per_year: 365/7": "a year of 52.14 weeks",
    "days_per_year: 360": "a year of 360 days",
}


@dataclass(frozen=True)
class Effect:
    """What one way of counting comes to; amounts in the currency's smallest unit."""

    mrr_minor: int
    new_minor: int
    churn_minor: int
    rows_that_differ: int


def variants() -> Iterator[tuple[str, dict[str, str]]]:
    """Every option's values but the default, one at a time, then the presets."""
    defaults = Options()
    for name, choices in CHOICES.items():
        for choice in choices:
            if choice != getattr(defaults, name):
                yield f"{name}: {choice}", {name: choice}
    yield "weeks_per_year: 365/7", {"weeks_per_year": "365/7"}
    yield "days_per_year: 360", {"days_per_year": "360"}
    for preset in PRESETS:
        yield f"preset: {preset}", {"preset": preset}


def counted(shown: Shown, settings: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of `subscription_events` under some settings."""
    syncs = Syncs(options_from(settings))
    syncs.first(shown)
    return [row for rows in syncs.rows.values() for row in rows]


def effect_of(rows: Iterable[Mapping[str, Any]], defaults: Mapping[str, Any]) -> Effect:
    """What rows come to in the currency, and how many differ from those of the defaults."""
    mrr = new = churn = differ = 0
    for row in rows:
        known = defaults.get(row["event_id"])
        parts = ("mrr_before", "mrr_after", "movement", "occurred_at")
        differ += known is None or any(row[part] != known[part] for part in parts)
        if row["currency"] == CURRENCY:
            mrr += row["mrr_delta"] or 0
            new += row["mrr_delta"] if row["movement"] == "new" else 0
            churn += row["mrr_delta"] if row["movement"] == "churn" else 0
    return Effect(mrr, new, churn, differ)


def table(shown: Shown) -> list[str]:
    """The table's lines."""
    rows = counted(shown, {})
    known = {row["event_id"]: row for row in rows}
    base = effect_of(rows, known)
    lines = [
        "| Option | Meaning | MRR now | New | Churn | Rows that differ |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
        f"| defaults | | {_amount(base.mrr_minor)} | {_amount(base.new_minor)} | "
        f"{_amount(base.churn_minor)} | |",
    ]
    for name, settings in variants():
        found = effect_of(counted(shown, settings), known)
        lines.append(
            f"| `{name}` | {_MEANINGS[name]} | {_change(found.mrr_minor - base.mrr_minor)} | "
            f"{_change(found.new_minor - base.new_minor)} | "
            f"{_change(found.churn_minor - base.churn_minor)} | "
            f"{found.rows_that_differ or 'none'} |"
        )
    return lines


def _amount(minor: int) -> str:
    return f"{minor / 100:,.2f}"


def _change(minor: int) -> str:
    return "" if minor == 0 else f"{minor / 100:+,.2f}"


_BEFORE = """\
# What each MRR option moves

The config's block `mrr` says how MRR is counted; `spec.yaml` explains every option.
No option adds or removes a row of `subscription_events`: they move amounts, and what a row counts
as.

The table counts one simulated company in every way, one option at a time: {customers} customers,
{months} months, seed {seed}. Amounts are USD a month, as sums over subscriptions of its whole life;
below the first line stand the differences. `make options` writes this page anew.

"""

_AFTER = """

An empty cell means no difference in that sum. Options that shift a movement in time show in the
rows that differ, and in the months of the models.

How the models count is set beside it, as variables of the dbt project: `switch_window_hours` (a
swap of plans within so many hours is no churn), `month_movements` (a month's movements day by day,
or one for each customer), `reporting_timezone` and `fx_mode`.
"""


def main() -> None:
    """Writes the page."""
    shown = Shown(open_account("company", **COMPANY))
    text = _BEFORE.format(**COMPANY) + "\n".join(table(shown)) + _AFTER
    FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
