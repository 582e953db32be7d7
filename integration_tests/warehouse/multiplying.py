"""A DuckDB with raw tables in; the same company so often in it, each time under other ids, out."""

from __future__ import annotations

from pathlib import Path

import duckdb

from stripe_saas.warehouse.places import RAW_SCHEMA

_SHARED = ("products", "prices", "coupons", "promotion_codes")
"""What all of the companies sell and give away."""
_IDS = "((?:cus|sub|si|in|ch|re|du|txn|po|pm|pi|il|di)_[A-Za-z0-9]+)"


def multiply(database: Path, times: int) -> None:
    """Puts every object that is not shared into its table `times` times altogether."""
    with duckdb.connect(str(database)) as connection:
        columns: dict[str, list[tuple[str, str]]] = {}
        for table, name, kind in connection.execute(
            "select table_name, column_name, data_type from information_schema.columns "
            f"where table_schema = '{RAW_SCHEMA}' order by table_name, ordinal_position"
        ).fetchall():
            columns.setdefault(table, []).append((name, kind))
        for table, parts in columns.items():
            if table.startswith("_") or table in _SHARED:
                continue
            connection.execute(f"create temp table one as select * from {RAW_SCHEMA}.{table}")
            for copy in range(1, times):
                renamed = ", ".join(_renamed(name, kind, copy) for name, kind in parts)
                connection.execute(f"insert into {RAW_SCHEMA}.{table} select {renamed} from one")
            connection.execute("drop table one")


def _renamed(name: str, kind: str, copy: int) -> str:
    if name == "event_id":
        return f"event_id || 'x{copy}'"
    if kind not in ("VARCHAR", "JSON"):
        return f'"{name}"'
    text = f"regexp_replace(cast(\"{name}\" as varchar), '{_IDS}', '\\1x{copy}', 'g')"
    return f"cast({text} as {kind})"
