"""A connector's settings, or raw tables, in; what the models are to be told, as variables, out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.places import RAW_SCHEMA

_OPTIONS = ("switch_window_hours", "fx_mode", "reporting_timezone")
_PRESETS: Mapping[str, Mapping[str, Any]] = {"chartmogul": {"switch_window_hours": 1}}
"""What a preset says of the models; the rest of it is for the connector."""
_STREAMS = ("subscription_events", "subscriptions", "customers")
"""Streams without whose tables there are no models."""


def variables_of_tables(database: Database, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What the raw tables themselves say: `by_account`, if they hold several accounts.

    Args:
        database: the warehouse.
        variables: of the models, which may say where the raw tables are.
    """
    schema = str(variables.get("stripe_schema") or RAW_SCHEMA)
    prefix, names = variables.get("stripe_table_prefix", ""), variables.get("stripe_tables") or {}
    tables = [str(names.get(stream, f"{prefix}{stream}")) for stream in _STREAMS]
    is_several = any(database.has_column(schema, table, "account_id") for table in tables)
    return {"by_account": True} if is_several else {}


def variables_from(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the block `mrr` that the models read, as far as they were chosen."""
    block = settings.get("mrr")
    if not isinstance(block, Mapping):
        return {}
    chosen = dict(_PRESETS.get(str(block.get("preset")), {}))
    chosen.update({name: block[name] for name in _OPTIONS if block.get(name) is not None})
    return chosen
