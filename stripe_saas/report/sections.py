"""A connection and a schema -> the models' rows, as plain JSON.

Every row is plain JSON with a `currency`: a currency's id, which is its code, or `reporting` for
all of them turned into one. Amounts are in that currency's smallest unit; months are "2026-05",
days "2026-05-17". A model that is not there gives no rows.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.places import MODELS_SCHEMA

Row = dict[str, Any]
REPORTING = "reporting"
BASIS_CURRENCY = f"case when basis = '{REPORTING}' then '{REPORTING}' else currency end"
"""The `currency` of a row of a model that has a basis."""


_OBJECTS = {"churn_signals", "renewals_due"}
"""Marts of single objects: with several accounts, each row is of one of them, and there once."""


class Models:
    """The models of a warehouse; of several accounts, all of them together."""

    def __init__(self, database: Database, schema: str = MODELS_SCHEMA) -> None:
        """Asks for nothing yet.

        Args:
            database: the warehouse.
            schema: where dbt built the marts.
        """
        self._database, self.schema = database, schema

    def steps(self) -> Models:
        """The models between the raw tables and the marts, which dbt keeps in a schema beside."""
        return Models(self._database, f"{self.schema}_staging")

    def has(self, model: str) -> bool:
        """True if the model was built."""
        return self._database.has_table(self.schema, model)

    def rows(self, sql: str, *needed: str) -> list[Row]:
        """The rows of a query in which `{model}` stands for each needed model.

        Args:
            sql: the query.
            needed: models; without one of them there are no rows.
        """
        if not all(self.has(model) for model in needed):
            return []
        names = {model: f"{self.schema}.{model}" for model in needed}
        parts = []
        for model in sorted(set(needed) - _OBJECTS) if self.by_account else ():
            parts.append(f"all_{model} as (select * from {names[model]} where account_id = 'all')")
            names[model] = f"all_{model}"
        before = f"with {', '.join(parts)} " if parts else ""
        return [
            {name: _plain(value) for name, value in row.items()}
            for row in self._database.rows(before + sql.format(**names))
        ]

    @cached_property
    def by_account(self) -> bool:
        """True if the marts have rows of several accounts, and of all of them together."""
        return self._database.has_column(self.schema, "mrr_monthly", "account_id")


def _plain(value: Any) -> Any:
    """Whole decimals as integers, other ones as floats; dates as text."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    number = float(value)
    return int(value) if number.is_integer() else number
