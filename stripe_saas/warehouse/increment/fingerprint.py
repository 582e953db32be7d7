"""Everything that makes the models' SQL and its rules what they are, in; one text out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.places import CLOSED_SCHEMA, RAW_SCHEMA
from stripe_saas.warehouse.target import Target

_RULES = Path(__file__).parent
_MADE = {"target", "logs", "dbt_packages"}
"""Folders that dbt fills itself."""


def fingerprint(
    database: Database, target: Target, project: Path, variables: Mapping[str, Any]
) -> str:
    """Differs if a whole build could make other models of the same rows.

    It holds the project's files, these rules, the variables, the columns of the raw tables, by
    which the SQL is made, and the closed months, which a close writes.

    Args:
        database: the warehouse.
        target: the same, by its address.
        project: the folder of the dbt project.
        variables: of the models.
    """
    digest = hashlib.sha256()
    sources = (each for each in project.rglob("*") if not _MADE.intersection(each.parts))
    for path in sorted(each for each in (*sources, *_RULES.glob("*.py")) if each.is_file()):
        digest.update(f"{path.name}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    closed = str(variables.get("closed_schema") or CLOSED_SCHEMA)
    parts: list[Any] = [target.kind, sorted(variables.items())]
    parts.append(database.select("select current_database()"))
    parts.append(
        database.select(
            "select table_schema, table_name, column_name, data_type "
            "from information_schema.columns where table_schema in (?, ?) "
            # Our own notes come and go.
            "and table_name not like '\\_stripe\\_saas\\_%' escape '\\' "
            "order by 1, 2, ordinal_position",
            (RAW_SCHEMA, closed),
        )
    )
    if database.has_table(closed, "closes"):
        parts.append(database.select(f"select count(*), max(close_number) from {closed}.closes"))
    digest.update(json.dumps(parts, default=str, sort_keys=True).encode())
    return digest.hexdigest()
