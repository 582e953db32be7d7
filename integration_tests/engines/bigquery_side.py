"""Run in the environment of BigQuery: all models built on a warehouse that only looks at types.

    python bigquery_side.py FOLDER PROJECT

FOLDER holds `tables.json`: schema -> table -> column -> type. dbt's adapter for BigQuery writes
every statement; instead of a connection there is ZetaSQL, Google's own analyzer of BigQuery's SQL,
which resolves each name and type. A table that was built is known to later statements with the
columns that were found. No statement is run, so a test that is right by its types passes.
"""

from __future__ import annotations

import json
import re
import sys
import unittest.mock
from collections import defaultdict
from ctypes import addressof, memmove, string_at
from pathlib import Path
from typing import Any

from side import answer, build

DATABASE = "stripe"
OUTPUT = {
    "type": "bigquery",
    "method": "oauth",
    "project": DATABASE,
    "schema": "stripe_marts",
    "threads": 1,
}
ALIASES = re.compile(r"\b(bigint|integer)\b", re.IGNORECASE)
"""Names of `int64` that BigQuery knows besides its analyzer."""
NESTED = (16, 17)
"""ZetaSQL's numbers of the types array and struct."""


class Warehouse:
    """What tables there are, and what type each column has; statements in, columns out."""

    def __init__(self) -> None:
        import zetasql.core.wasm_client
        from zetasql import types

        class Config(zetasql.core.wasm_client.Config):  # type: ignore[misc,name-defined]
            """Keeps the analyzer that was compiled for this machine, which takes a minute."""

            def __init__(self) -> None:
                super().__init__()
                self.cache = True

        zetasql.core.wasm_client.Config = Config
        # Its own copy byte by byte in Python.
        client = zetasql.core.wasm_client.WasmClient
        client.read_bytes = lambda self, at, size: string_at(_start(self) + at, size)
        client.write_bytes = lambda self, at, data: memmove(_start(self) + at, data, len(data))
        self.language = types.LanguageOptions.maximum_features()
        self.language.product_mode = types.ProductMode.PRODUCT_EXTERNAL
        self.tables: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)

    def make(self, schema: str, table: str, columns: dict[str, str]) -> None:
        """A table of which the types are known by their names."""
        self.tables[schema][table] = {
            name: self.analyzed(f"select cast(null as {kind}) as x")["x"]
            for name, kind in columns.items()
        }

    def analyzed(self, sql: str) -> dict[str, Any]:
        """The columns of a query, or of the table or view that a statement makes, and keeps it."""
        from zetasql.api import Analyzer
        from zetasql.types import AnalyzerOptions

        options = AnalyzerOptions(language_options=self.language)
        found = Analyzer(options, self._catalog(sql)).analyze_statement(ALIASES.sub("int64", sql))
        columns = {
            column.name: column.column.type
            for column in getattr(found, "output_column_list", None) or []
        }
        path = getattr(found, "name_path", None)
        if path and columns:
            # An alias that hides a column of its name brings the whole row, and is no error.
            rows = [name for name, kind in columns.items() if kind.type_kind in NESTED]
            if rows:
                raise ValueError(f"no plain value: {', '.join(rows)}")
            self.tables[path[1]][path[2]] = columns
        elif path and hasattr(found, "column_definition_list"):
            # `create table if not exists`, the only one without a query
            made = {column.name: column.type for column in found.column_definition_list}
            self.tables[path[1]].setdefault(path[2], made)
        return columns

    def _catalog(self, sql: str) -> Any:
        from zetasql.api import CatalogBuilder, TableBuilder
        from zetasql.types import SimpleCatalog, ZetaSQLBuiltinFunctionOptions

        schemas = []
        for schema, tables in self.tables.items():
            made = []
            for table, columns in tables.items():
                if table not in sql:
                    continue  # it takes ten times as long with all
                builder = TableBuilder(table)
                for name, kind in columns.items():
                    builder.add_column(name, kind)
                made.append(builder.build())
            schemas.append(SimpleCatalog(name=schema, table=made))
        functions = ZetaSQLBuiltinFunctionOptions(language_options=self.language)
        catalog = CatalogBuilder("").with_builtin_functions(functions).build()
        catalog.catalog = [SimpleCatalog(name=DATABASE, catalog=schemas)]
        return catalog


def _start(client: Any) -> int:
    return addressof(client.memory.data_ptr().contents)


def main() -> None:
    """Builds all models; ends with dbt's own exit code."""
    folder, project = (Path(each).resolve() for each in sys.argv[1:3])
    warehouse = Warehouse()
    for schema, tables in json.loads((folder / "tables.json").read_text(encoding="utf-8")).items():
        for table, columns in tables.items():
            warehouse.make(schema, table, columns)
    with _in_the_place_of_bigquery(warehouse):
        succeeded = build(folder, project, OUTPUT)
    sys.exit(0 if succeeded else 1)


def _in_the_place_of_bigquery(warehouse: Warehouse) -> Any:
    from contextlib import ExitStack

    from dbt.adapters.bigquery.connections import (
        BigQueryAdapterResponse,
        BigQueryConnectionManager,
    )
    from dbt.adapters.bigquery.impl import BigQueryAdapter
    from dbt.adapters.contracts.connection import ConnectionState
    from dbt_common.exceptions import DbtDatabaseError

    def open_nothing(cls: Any, connection: Any) -> Any:
        connection.handle, connection.state = unittest.mock.Mock(), ConnectionState.OPEN
        return connection

    def execute(
        self: Any, sql: str, auto_begin: bool = False, fetch: Any = None, limit: Any = None
    ) -> Any:
        try:
            columns = warehouse.analyzed(sql)
        except Exception as error:
            raise DbtDatabaseError(str(error)) from error
        return BigQueryAdapterResponse(_message="analyzed"), answer(list(columns))

    def load_dataframe(
        self: Any,
        database: str,
        schema: str,
        table_name: str,
        agate_table: Any,
        column_override: Any,
        field_delimiter: str,
    ) -> None:
        fields = self._agate_to_schema(agate_table, column_override)
        warehouse.make(schema, table_name, {field.name: field.field_type for field in fields})

    def relations(self: Any, schema_relation: Any) -> Any:
        return [
            self.Relation.create(
                database=DATABASE,
                schema=schema_relation.schema,
                identifier=table,
                type="table",
                quote_policy={"schema": True, "identifier": True},
            )
            for table in warehouse.tables[schema_relation.schema]
        ]

    def relation_of(self: Any, database: str, schema: str, identifier: str) -> Any:
        known = relations(self, self.Relation.create(database=database, schema=schema))
        return next((each for each in known if each.identifier == identifier), None)

    def columns_of(self: Any, relation: Any) -> Any:
        from zetasql.types import TypeKind

        columns = warehouse.tables[relation.schema][relation.identifier]
        return [
            self.Column(name, TypeKind(kind.type_kind).name.removeprefix("TYPE_"), [], "NULLABLE")
            for name, kind in columns.items()
        ]

    replaced: dict[Any, dict[str, Any]] = {
        BigQueryConnectionManager: {"open": classmethod(open_nothing), "execute": execute},
        BigQueryAdapter: {
            "list_schemas": lambda self, database: list(warehouse.tables),
            "check_schema_exists": lambda self, database, schema: True,
            "list_relations_without_caching": relations,
            "get_relation": relation_of,
            "get_columns_in_relation": columns_of,
            "load_dataframe": load_dataframe,
            "is_replaceable": lambda self, *about: True,
        },
    }
    stack = ExitStack()
    for kind, methods in replaced.items():
        for name, method in methods.items():
            stack.enter_context(unittest.mock.patch.object(kind, name, method))
    return stack


if __name__ == "__main__":
    main()
