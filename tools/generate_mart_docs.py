"""The models' own descriptions in; `docs/marts.md` out.

python -m tools.generate_mart_docs
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "marts.md"
PAGE = Path(__file__).with_name("marts_page.md")
DBT = ROOT / "stripe_saas" / "dbt"
MARTS = DBT / "models" / "marts"

GROUPS = {
    "_mrr.yml": "MRR",
    "_closed.yml": "Closed months",
    "_subscriptions.yml": "Subscriptions",
    "_customers.yml": "Customers",
    "_items.yml": "MRR by customer and item",
    "_money.yml": "Money and quality",
    "_ledgers.yml": "Balance, payouts and invoices, row by row",
}
"""File of descriptions -> its heading, in the page's order."""

VARIABLES = {
    "stripe_database": "The database of the raw tables; null takes the profile's.",
    "stripe_schema": "Their schema.",
    "stripe_table_prefix": "What stands before the stream's name in the names of tables.",
    "stripe_tables": "Stream → table, for tables that are not named so.",
    "stripe_syncs_table": "The log of syncs, a row a sync with `synced_at` in Unix seconds.",
    "stripe_sync_streams_table": "The log of syncs by stream.",
    "closed_schema": "Where `stripe-saas close` keeps closed months; see [close.md](close.md).",
    "by_account": "Whether the raw tables hold several accounts, which their column `account_id` "
    "tells apart; see [several accounts](#several-accounts). `stripe-saas` sets it by itself.",
    "as_of": "A moment instead of the last sync's, such as `2026-05-31 23:59:59`, UTC.",
    "reporting_timezone": "An IANA name; days and months begin by its clock.",
    "switch_window_hours": "A client that leaves and comes back within so many hours has switched.",
    "switch_movements": "`own_days`: the two halves of a switch are each on their own day. "
    "`one_moment`: both are counted when the second begins. See [switches](#switches).",
    "month_movements": "`daily`: a month moves by the sums of its days. `net`: once a client.",
    "longest_history_months": "No history is longer than this.",
    "trial_conversion_at": "What makes a trial a conversion: `first_payment`, the first payment "
    "above 0 after the trial; `status`, Stripe's status `active` or `past_due`; `new_mrr`, the "
    "moment at which its MRR begins, as the connector's option `new_mrr_at` says.",
    "fx_mode": "`none`, `constant` (one rate a currency, the latest) or `month_end`.",
    "reporting_currency": "The currency of the rows with the basis `reporting`.",
    "fx_rates_relation": "A table with `rate_date`, `currency`, `reporting_currency` and `rate` "
    "(units of the reporting currency for one unit); null: the seed `stripe_fx_rates`. An amount "
    "without a rate fails the build.",
    "identity_rules": "See [your own ids](#your-own-ids).",
    "identity_metadata_keys": "Keys of customers' metadata that hold an id of yours.",
    "identity_entity": "`account` or `user`.",
    "own_entities_relation": "Your users; null: the seed `stripe_own_entities`.",
    "identity_overrides_relation": "Ids set by hand; null: the seed `stripe_identity_overrides`.",
    "free_mail_domains_relation": "A table with `domain`; null: the seed "
    "`stripe_free_mail_domains`.",
    "lifecycle_stages_relation": "A table with `status`, `stage` and `precedence` (the smallest of "
    "a client counts); null: the seed `stripe_lifecycle_stages`.",
    "revenue_tiers_relation": "A table with `tier` and `from_mrr` in whole units; null: the seed "
    "`stripe_revenue_tiers`.",
    "tier_metadata_key": "The key of a product's metadata that names its tier.",
    "metadata_columns": "Keys of Stripe's metadata that become columns, as `{customers: [segment], "
    "subscriptions: [plan_code], invoices: [po]}`: text, called `metadata_segment`, after the "
    "others. Those of customers in customers, of subscriptions in subscription_items_current and "
    "subscription_periods, of invoices in invoice_details and invoice_line_details.",
    "customer_attributes_relation": "A table with `customer_id`, `source` and `campaign`; null: "
    "the seed `stripe_customer_attributes`.",
    "acquisition_spend_relation": "A table with `month`, `source`, `currency` and `spend_minor`; "
    "null: the seed `stripe_acquisition_spend`.",
    "renewal_due_days": "How far ahead renewals are due.",
    "card_expiring_days": "How far ahead a card expires.",
    "downgrade_signal_days": "How long a downgrade is a sign of churn.",
    "expected_mrr_minor": "Currency → least and greatest MRR to be believed, for `data_quality`.",
    "stale_after_hours": "Hours behind the last sync after which a stream is stale.",
}


@dataclass(frozen=True)
class Mart:
    """One mart as its YAML describes it."""

    group: str
    name: str
    description: str
    columns: dict[str, str]
    question: str
    query: str


def marts() -> Iterator[Mart]:
    """All marts in the page's order."""
    for file, group in GROUPS.items():
        content = yaml.safe_load((MARTS / file).read_text(encoding="utf-8"))
        for model in content["models"]:
            meta = model["config"]["meta"]
            yield Mart(
                group,
                model["name"],
                model["description"].strip(),
                {column["name"]: column["description"] for column in model["columns"]},
                meta["question"],
                meta["query"].strip(),
            )


def mart_docs() -> str:
    """The text of `docs/marts.md`."""
    parts: list[str] = []
    group = ""
    for mart in marts():
        if mart.group != group:
            group = mart.group
            parts.append(f"## {group}\n")
        parts.append(f"### {mart.name}\n\n{mart.description}\n\n{_columns(mart)}")
        parts.append(f"*{mart.question}*\n\n```sql\n{mart.query}\n```\n")
    text = PAGE.read_text(encoding="utf-8")
    return text.replace("{marts}", "\n".join(parts)).replace("{variables}", _variables())


def variables() -> dict[str, Any]:
    """The project's variables and their defaults."""
    project = yaml.safe_load((DBT / "dbt_project.yml").read_text(encoding="utf-8"))
    found: dict[str, Any] = project["vars"]
    return found


def _columns(mart: Mart) -> str:
    rows = [f"| `{name}` | {words} |" for name, words in mart.columns.items()]
    return "\n".join(["| Column | What it says |", "| --- | --- |", *rows, ""])


def _variables() -> str:
    rows = [
        f"| `{name}` | `{_shown(default)}` | {VARIABLES[name]} |"
        for name, default in variables().items()
    ]
    return "\n".join(["| Variable | Default | What it does |", "| --- | --- | --- |", *rows, ""])


def _shown(value: Any) -> str:
    return yaml.safe_dump(value, default_flow_style=True).removesuffix("...\n").strip()


if __name__ == "__main__":
    FILE.write_text(mart_docs(), encoding="utf-8")
