"""The company in `company/`: its raw tables as written by hand, and what every mart must say.

Nothing of the connector or of the sandbox has a part in it. In raw rows a moment is written as
text, "2026-01-05 09:00", UTC; a table has it as Stripe does, in Unix seconds. In expected rows
"1/3" is the quotient to six places, as the marts round, and an empty cell is null.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

COMPANY = Path(__file__).with_name("company")
NOW = "2026-04-15 12:00"
VARIABLES = {
    "fx_mode": "month_end",
    "fx_rates_relation": "stripe_raw.own_rates",
    "own_entities_relation": "stripe_raw.own_users",
    "identity_overrides_relation": "stripe_raw.own_overrides",
    "identity_metadata_keys": ["team"],
    "customer_attributes_relation": "stripe_raw.own_attributes",
    "acquisition_spend_relation": "stripe_raw.own_spend",
    "expected_mrr_minor": {"usd": [30000, 40000]},
    "metadata_columns": {
        "customers": ["team"],
        "subscriptions": ["rep"],
        "invoices": ["PO number"],
    },
}
_OWN_TABLES = {
    "rates": "rate_date date, currency varchar, reporting_currency varchar, rate numeric(17, 11)",
    "users": "user_id varchar, account_id varchar, email varchar, domain varchar",
    "overrides": "customer_id varchar, entity_id varchar",
    "attributes": "customer_id varchar, source varchar, campaign varchar",
    "spend": "month date, source varchar, currency varchar, spend_minor bigint",
}
_COPIES = {
    "closes": "close_number bigint, kind varchar, month_start date, noted_at bigint, "
    "as_of_at timestamp, ended_at timestamp, model_options varchar, close_hash varchar",
    "ledger_rows": "close_number bigint, event_id varchar, subscription_id varchar, "
    "client_id varchar, occurred_at timestamp, counted_on date, currency varchar, "
    "mrr_delta_minor bigint, is_estimated boolean, options_fingerprint varchar, "
    "semantics_version varchar, is_gone boolean",
    "rates": "close_number bigint, currency varchar, factor varchar",
}
"""Tables of closed months. Those of `figures` are named by its file."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
_QUOTIENT = re.compile(r"-?\d+/\d+")
_EXPONENTS = {"jpy": 0}


def records() -> dict[str, list[dict[str, Any]]]:
    """Stream -> raw rows."""
    found = {
        path.stem: [_as_stripe_has_it(row) for row in json.loads(path.read_text(encoding="utf-8"))]
        for path in sorted((COMPANY / "raw").glob("*.json"))
    }
    found["subscription_events"] = list(_ledger())
    return found


def own_tables() -> Iterator[str]:
    """Statements that make the company's own tables, and its closed months."""
    for name, columns in _OWN_TABLES.items():
        yield from _filled(f"stripe_raw.own_{name}", columns, COMPANY / "own" / f"{name}.csv")
    # A stream that was read once and that no model reads: nobody misses it.
    yield (
        "insert into stripe_raw._stripe_saas_sync_streams (sync_id, stream, status, synced_at) "
        "values (0, 'plans', 'complete', 1)"
    )
    yield "create schema stripe_closed"
    for name, columns in _COPIES.items():
        yield from _filled(f"stripe_closed.{name}", columns, COMPANY / "closed" / f"{name}.csv")
    figures = COMPANY / "closed" / "figures.csv"
    names = figures.read_text(encoding="utf-8").splitlines()[0].split(",")
    kinds = (f"{name} {'varchar' if name in ('basis', 'currency') else 'bigint'}" for name in names)
    yield from _filled("stripe_closed.figures", ", ".join(kinds), figures)


def _filled(table: str, columns: str, path: Path) -> Iterator[str]:
    yield f"create table {table} ({columns})"
    with path.open(encoding="utf-8") as file:
        for row in csv.reader(list(file)[1:]):
            values = ", ".join(f"'{value}'" if value else "null" for value in row)
            yield f"insert into {table} values ({values})"


@dataclass(frozen=True)
class Expected:
    """What one mart must say."""

    mart: str
    key: tuple[str, ...]
    """Columns that tell its rows apart."""
    count: int
    """How many rows it has, whether they are written down or not."""
    columns: tuple[str, ...]
    rows: dict[tuple[str, ...], dict[str, str]]

    @property
    def is_whole(self) -> bool:
        """Whether all of its rows are written down."""
        return len(self.rows) == self.count


def expected(mart: str) -> Expected:
    """What is written down of a mart."""
    text = (COMPANY / "expected" / f"{mart}.csv").read_text(encoding="utf-8")
    lines = text.splitlines()
    notes = [line.removeprefix("# ") for line in lines if line.startswith("#")]
    told = dict(note.split(": ", 1) for note in notes if note.startswith(("key: ", "rows: ")))
    table = csv.DictReader(line for line in lines if not line.startswith("#"))
    columns = tuple(table.fieldnames or ())
    key = tuple(told["key"].split(", "))
    written = [{name: _worked_out(cell) for name, cell in row.items()} for row in table]
    rows = {tuple(row[name] for name in key): row for row in written}
    assert len(rows) == len(written), f"{mart}: two rows of one key"
    return Expected(mart, key, int(told["rows"]), columns, rows)


def marts_written_down() -> list[str]:
    """The marts that something is expected of."""
    return sorted(path.stem for path in (COMPANY / "expected").glob("*.csv"))


def plain(value: Any) -> str:
    """A value of the warehouse as expected rows have it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (float, Decimal)):
        return _number(round(Decimal(str(value)), 6))
    return str(value)


def _worked_out(cell: str) -> str:
    if _QUOTIENT.fullmatch(cell):
        quotient = Fraction(cell)
        exact = Decimal(quotient.numerator) / Decimal(quotient.denominator)
        return _number(round(exact, 6))
    return cell


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"


def _ledger() -> Iterator[dict[str, Any]]:
    """The ledger's rows; what follows from the row before is not written twice."""
    before: dict[str, dict[str, Any]] = {}
    with (COMPANY / "raw" / "subscription_events.csv").open(encoding="utf-8") as file:
        for written in csv.DictReader(file):
            key = written["subscription_id"]
            last = before.get(key)
            mrr, list_mrr = int(written["mrr_after"]), int(written["list_mrr_after"])
            item, price, quantity, share = written["items_after"].split()
            row = {
                **{name: value or None for name, value in written.items()},
                "event_id": f"{key}-{last['sequence'] + 1 if last else 1}",
                "sequence": last["sequence"] + 1 if last else 1,
                "occurred_at": f"{written['occurred_at'].replace(' ', 'T')}:00Z",
                "currency_exponent": _EXPONENTS.get(written["currency"], 2),
                "mrr_before": last["mrr_after"] if last else 0,
                "mrr_after": mrr,
                "mrr_delta": mrr - (last["mrr_after"] if last else 0),
                "list_mrr_before": last["list_mrr_after"] if last else 0,
                "list_mrr_after": list_mrr,
                "status_before": last["status_after"] if last else None,
                "suspended_after": written["suspended_after"] == "true",
                "is_estimated": written["is_estimated"] == "true",
                "items_after": [
                    {"id": item, "price": price, "quantity": int(quantity), "mrr": int(share)}
                ],
            }
            before[key] = row
            yield row


def _as_stripe_has_it(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_stripe_has_it(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_stripe_has_it(each) for each in value]
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return int(datetime.fromisoformat(value).replace(tzinfo=timezone.utc).timestamp())
    return value
