"""A warehouse with raw tables in; `dbt build` run on it in this process, and its results out."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from stripe_saas.warehouse.places import MODELS_SCHEMA

PROJECT = Path(__file__).parent.parent.parent / "stripe_saas" / "dbt"


@dataclass
class Built:
    """What a run of dbt came to."""

    success: bool
    statuses: dict[str, str]
    """Unique id of a node -> `success`, `pass`, `warn`, `fail`, `error` or `skipped`."""
    messages: dict[str, str]
    seconds: float

    @property
    def bad(self) -> dict[str, str]:
        """Nodes that did not pass, with what dbt said of them."""
        good = ("success", "pass", "no-op")
        return {
            name: f"{status}: {self.messages.get(name)}"
            for name, status in self.statuses.items()
            if status not in good
        }


def duckdb_profile(database: Path, schema: str = MODELS_SCHEMA) -> dict[str, Any]:
    """A profile's output for a DuckDB file."""
    return {"type": "duckdb", "path": str(database), "schema": schema, "threads": 2}


def run_dbt(
    folder: Path,
    output: dict[str, Any],
    command: Sequence[str] = ("build",),
    variables: dict[str, Any] | None = None,
    project: Path = PROJECT,
) -> Built:
    """Runs dbt; a build without the unit tests, which one test runs.

    Args:
        folder: for the profile, targets and logs; the same one again parses only what changed.
        output: the profile's output.
        command: dbt's words and their options.
        variables: `--vars`.
        project: the dbt project.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    folder.mkdir(parents=True, exist_ok=True)
    profile = {"stripe_saas": {"target": "test", "outputs": {"test": output}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    arguments = [
        *("--quiet", "--no-use-colors", "--no-send-anonymous-usage-stats"),
        *("--warn-error-options", '{"error": ["Deprecations"]}'),
        *("--no-version-check", "--no-write-json", "--log-level-file", "none"),
        *command,
        *(("--exclude-resource-type", "unit_test") if command[0] == "build" else ()),
        *("--project-dir", str(project), "--profiles-dir", str(folder)),
        *("--log-path", str(folder / "logs")),
        *(() if command[0] == "deps" else ("--target-path", str(folder / "target"))),
        *("--vars", json.dumps(variables or {})),
    ]
    with _no_telemetry():
        ended = dbtRunner().invoke(arguments)
    # It would keep the file open, for as long as this process lives.
    DuckDBConnectionManager.close_all_connections()
    if ended.exception is not None:
        raise ended.exception
    results = list(getattr(ended.result, "results", None) or [])
    return Built(
        success=ended.success,
        statuses={each.node.unique_id: str(each.status) for each in results},
        messages={each.node.unique_id: str(each.message) for each in results},
        seconds=getattr(ended.result, "elapsed_time", 0.0),
    )


@contextmanager
def _no_telemetry() -> Any:
    before = os.environ.get("DO_NOT_TRACK")
    os.environ["DO_NOT_TRACK"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["DO_NOT_TRACK"]
        else:
            os.environ["DO_NOT_TRACK"] = before
