"""Run in the environment of Trino: all models built on a warehouse that only reads the SQL.

    python trino_side.py FOLDER PROJECT

FOLDER holds `tables.json`: schema -> table -> column -> type. dbt's adapter for Trino writes every
statement; instead of a connection there is trino-sql-validator, which knows Trino's grammar, its
functions and how many arguments each takes, and its types. Names of tables and columns, and what
type each has, are not looked at. No statement is run, so a test that reads well passes.
"""

from __future__ import annotations

import json
import sys
import unittest.mock
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from side import answer, build

DATABASE = "stripe"
OUTPUT = {
    "type": "trino",
    "method": "none",
    "host": "127.0.0.1",
    "port": 1,
    "user": "none",
    "database": DATABASE,
    "schema": "stripe_marts",
    "threads": 1,
}


def main() -> None:
    """Builds all models; ends with dbt's own exit code."""
    folder, project = (Path(each).resolve() for each in sys.argv[1:3])
    tables = json.loads((folder / "tables.json").read_text(encoding="utf-8"))
    with _in_the_place_of_trino(tables):
        succeeded = build(folder, project, OUTPUT)
    sys.exit(0 if succeeded else 1)


def read(sql: str) -> None:
    """Raises ValueError if the grammar, a function or a type is not Trino's."""
    from trino_sql_validator import validate

    found = validate(sql)
    if not found.valid:
        raise ValueError(str(found.error))
    if found.unknown_functions or found.unknown_types:
        raise ValueError(f"unknown: {found.unknown_functions} {found.unknown_types}")


def _in_the_place_of_trino(tables: dict[str, dict[str, dict[str, str]]]) -> ExitStack:
    from dbt.adapters.contracts.connection import AdapterResponse, ConnectionState
    from dbt.adapters.trino.column import TrinoColumn
    from dbt.adapters.trino.connections import TrinoConnectionManager
    from dbt.adapters.trino.impl import TrinoAdapter
    from dbt_common.exceptions import DbtDatabaseError

    def open_nothing(cls: Any, connection: Any) -> Any:
        connection.handle, connection.state = unittest.mock.Mock(), ConnectionState.OPEN
        return connection

    def add_query(self: Any, sql: str, *rest: Any, **more: Any) -> Any:
        try:
            read(sql)
        except ValueError as error:
            raise DbtDatabaseError(str(error)) from error
        return self.get_thread_connection(), unittest.mock.Mock()

    def execute(self: Any, sql: str, *rest: Any, **more: Any) -> Any:
        add_query(self, sql)
        return AdapterResponse(_message="read"), answer(["failures", "should_warn", "should_error"])

    def relations(self: Any, schema_relation: Any) -> Any:
        return [
            self.Relation.create(
                database=DATABASE, schema=schema_relation.schema, identifier=table, type="table"
            )
            for table in tables.get(schema_relation.schema, {})
        ]

    def columns_of(self: Any, relation: Any) -> Any:
        columns = tables[relation.schema][relation.identifier]
        return [TrinoColumn.from_description(name, kind) for name, kind in columns.items()]

    replaced: dict[Any, dict[str, Any]] = {
        TrinoConnectionManager: {
            "open": classmethod(open_nothing),
            "add_query": add_query,
            "execute": execute,
            "begin": lambda self: None,
            "commit": lambda self: None,
        },
        TrinoAdapter: {
            "list_schemas": lambda self, database: list(tables),
            "check_schema_exists": lambda self, database, schema: True,
            "list_relations_without_caching": relations,
            "get_columns_in_relation": columns_of,
        },
    }
    stack = ExitStack()
    for kind, methods in replaced.items():
        for name, method in methods.items():
            stack.enter_context(unittest.mock.patch.object(kind, name, method))
    return stack


if __name__ == "__main__":
    main()
