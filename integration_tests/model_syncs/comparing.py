"""A warehouse in; the models whose rows are not those of a whole build out.

What dbt compiled at the last whole build is run again, each model from those before it, into tables
beside the true ones. No rule has a part in that.
"""

from __future__ import annotations

from stripe_saas.warehouse.changes import PLAN
from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.increment.plan import Plan, kept_plan


def plan_in(database: Database) -> Plan:
    """The plan that the last whole build left."""
    [(fingerprint,)] = database.select(f"select fingerprint from {PLAN}")
    plan = kept_plan(database, fingerprint)
    assert plan is not None
    return plan


def differing_models(database: Database) -> dict[str, list[str]]:
    """Model -> a few of its rows that are too many (`+`) or lacking (`-`)."""
    plan = plan_in(database)
    found: dict[str, list[str]] = {}
    made: dict[str, str] = {}
    for model in plan.models:
        sql, relation = model.sql, plan.relations[model.name]
        for name in model.inputs:
            if name in made:
                sql = sql.replace(plan.relations[name], made[name])
        made[model.name] = table = f"whole_{model.name}"
        database.execute(f"create temporary table {table} as {sql}")
        rows = _differing(database, relation, table)
        if rows:
            found[model.name] = rows
    for table in made.values():
        database.execute(f"drop table {table}")
    return found


def _differing(database: Database, relation: str, whole: str) -> list[str]:
    columns = [f'"{name}"' for name in database_columns(database, relation)]
    text = ", ".join(f"coalesce(cast({column} as varchar), 'null')" for column in columns)
    text = f"concat_ws(' | ', {text})"
    lines = []
    for sign, first, second in (("+", relation, whole), ("-", whole, relation)):
        lines += [
            f"{sign} {row}"
            for (row,) in database.select(
                f"select * from (select {text} from {first} except all "
                f"select {text} from {second}) as different order by 1 limit 3"
            )
        ]
    return lines


def database_columns(database: Database, relation: str) -> list[str]:
    """The columns of a relation."""
    schema, table = relation.replace('"', "").split(".")[-2:]
    return [
        name
        for (name,) in database.select(
            "select column_name from information_schema.columns "
            "where table_schema = ? and table_name = ? order by ordinal_position",
            (schema, table),
        )
    ]
