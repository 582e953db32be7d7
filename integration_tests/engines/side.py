"""What the scripts share that run in an engine's own environment, beside this file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def build(folder: Path, project: Path, output: dict[str, Any]) -> bool:
    """Builds and tests all models by the output of a profile; false if anything failed.

    FOLDER holds `variables.json`; dbt's own files come there too.
    """
    from dbt.cli.main import dbtRunner

    profile = {"stripe_saas": {"target": output["type"], "outputs": {output["type"]: output}}}
    (folder / "profiles.yml").write_text(json.dumps(profile), encoding="utf-8")
    ended = dbtRunner().invoke(
        [
            *("build", "--exclude-resource-type", "unit_test"),
            *("--project-dir", str(project), "--profiles-dir", str(folder)),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
            *("--no-send-anonymous-usage-stats", "--no-use-colors"),
            *("--vars", (folder / "variables.json").read_text(encoding="utf-8")),
        ]
    )
    return bool(ended.success)


def answer(columns: list[str]) -> Any:
    """What a statement that was not run brings: a row of noughts, as a test that passes."""
    from dbt_common.clients.agate_helper import empty_table, table_from_data

    if not columns:
        return empty_table()
    return table_from_data([dict.fromkeys(columns, 0)], columns)
