"""Run in the environment of SQLMesh: the dbt project loaded by it, and a plan made on DuckDB.

    python sqlmesh_side.py FOLDER PROJECT

FOLDER holds `stripe.duckdb` with raw tables and `variables.json`. SQLMesh reads the project by its
own loader, takes dbt's tests for its audits, and plans a first build. Nothing is built.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path


def main() -> None:
    """Loads and plans; 1 if a model, seed or test of the project is not in the plan."""
    folder, project = (Path(each).resolve() for each in sys.argv[1:3])
    copy = folder / "project"
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("target", "logs"))
    output = {
        "type": "duckdb",
        "path": str(folder / "stripe.duckdb"),
        "schema": "stripe_marts",
        "threads": 2,
    }
    profile = {"stripe_saas": {"target": "sqlmesh", "outputs": {"sqlmesh": output}}}
    (copy / "profiles.yml").write_text(json.dumps(profile), encoding="utf-8")
    os.environ["SQLMESH__DISABLE_ANONYMIZED_ANALYTICS"] = "true"
    os.environ["DO_NOT_TRACK"] = "1"
    from sqlmesh import Context
    from sqlmesh.core.config import ModelDefaultsConfig
    from sqlmesh.dbt.loader import sqlmesh_config

    variables = json.loads((folder / "variables.json").read_text(encoding="utf-8"))
    config = sqlmesh_config(
        copy, variables=variables, model_defaults=ModelDefaultsConfig(start="2020-01-01")
    )
    context = Context(paths=[str(copy)], config=config)
    plan = context.plan_builder(skip_tests=True, include_unmodified=True).build()
    planned = {each.name.rpartition(".")[2].strip('"'): each for each in plan.new_snapshots}
    files = [*(copy / "models").rglob("*.sql"), *(copy / "seeds").glob("*.csv")]
    lacking = sorted({file.stem for file in files} - planned.keys())
    audits = sum(len(each.model.audits) for each in planned.values() if each.is_model)
    print(f"{len(files)} models and seeds; not in the plan: {lacking}; {audits} audits")
    sys.exit(1 if lacking or not audits else 0)


if __name__ == "__main__":
    main()
