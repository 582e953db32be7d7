"""What dbt made of the models at a whole build, kept in the warehouse: a plan to go on from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from stripe_saas.warehouse.changes import PLAN
from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.places import PLAN_TABLE, RAW_SCHEMA

RAW_PREFIX = "raw_"
"""Before the name of a raw table, as a model may have the same."""


@dataclass(frozen=True)
class Model:
    """A model as dbt compiled it."""

    name: str
    sql: str
    inputs: tuple[str, ...]
    """Names of the models and raw tables whose relations its SQL names."""


@dataclass(frozen=True)
class Plan:
    """All models, each after those that it reads."""

    fingerprint: str
    """Of everything that makes the SQL what it is."""
    relations: Mapping[str, str]
    """Name of a model or raw table -> its relation, quoted."""
    models: tuple[Model, ...]


def plan_of(target_folder: Path, fingerprint: str) -> Plan | None:
    """What a build by dbt left in its target folder.

    Returns:
        None if not every model was built as a table of the folder's own run.
    """
    manifest = _json(target_folder / "manifest.json")
    results = _json(target_folder / "run_results.json")["results"]
    nodes: dict[str, Any] = manifest["nodes"]
    sources: dict[str, Any] = manifest["sources"]
    sql = {each["unique_id"]: each.get("compiled_code") for each in results}
    models = {
        name: node
        for name, node in nodes.items()
        if node["resource_type"] == "model" and node["config"]["enabled"]
    }
    if any(
        not sql.get(name) or node["config"]["materialized"] != "table"
        for name, node in models.items()
    ):
        return None
    relations = {node["name"]: node["relation_name"] for node in models.values()}
    relations |= {
        f"{RAW_PREFIX}{node['identifier']}": node["relation_name"] for node in sources.values()
    }
    order = TopologicalSorter(
        {name: set(node["depends_on"]["nodes"]) & set(models) for name, node in models.items()}
    ).static_order()
    return Plan(
        fingerprint,
        relations,
        tuple(
            Model(models[name]["name"], sql[name], _inputs(sql[name], relations)) for name in order
        ),
    )


def keep_plan(database: Database, plan: Plan) -> None:
    """Puts a plan in the place of the one before."""
    if not database.has_table(RAW_SCHEMA, PLAN_TABLE):
        database.execute(f"create table {PLAN} (fingerprint varchar, content varchar)")
    forget_plan(database)
    content = {"relations": plan.relations, "models": [asdict(each) for each in plan.models]}
    database.execute(f"insert into {PLAN} values (?, ?)", plan.fingerprint, json.dumps(content))


def forget_plan(database: Database) -> None:
    """Lets the next build be a whole one."""
    if database.has_table(RAW_SCHEMA, PLAN_TABLE):
        database.execute(f"delete from {PLAN}")


def kept_plan(database: Database, fingerprint: str) -> Plan | None:
    """The plan of the last whole build, if that was made of the same things."""
    if not database.has_table(RAW_SCHEMA, PLAN_TABLE):
        return None
    rows = database.select(f"select content from {PLAN} where fingerprint = ?", (fingerprint,))
    if not rows:
        return None
    content = json.loads(rows[0][0])
    models = tuple(
        Model(each["name"], each["sql"], tuple(each["inputs"])) for each in content["models"]
    )
    return Plan(fingerprint, content["relations"], models)


def _inputs(sql: str, relations: Mapping[str, str]) -> tuple[str, ...]:
    """By the SQL's text: dbt does not know of what a macro asks for while it runs."""
    return tuple(name for name, relation in relations.items() if relation in sql)


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
