"""A target -> the models built in it, by dbt as a process of its own.

dbt gets a profile that lives no longer than the run. A password goes by the environment, under a
name whose values dbt keeps out of everything that it prints.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from stripe_saas.warehouse.owned_folder import owned_folder
from stripe_saas.warehouse.places import MODELS_SCHEMA
from stripe_saas.warehouse.target import Target

PROJECT = Path(__file__).parents[1] / "dbt"
"""The dbt project that comes with the package."""

PROFILE = "stripe_saas"
_PASSWORD = "DBT_ENV_SECRET_STRIPE_SAAS_PASSWORD"
_THREADS = 2
_SHOWN_PROBLEMS = 10
_GRACE_SECONDS = 10


@dataclass
class ModelsResult:
    """How a build ended."""

    is_good: bool = False
    how: str = "built and tested"
    done: int = 0
    """Models, seeds and tests that went well."""
    seconds: float = 0.0
    models: dict[str, float] = field(default_factory=dict)
    """Model -> seconds that it took."""
    problems: list[str] = field(default_factory=list)


def require_dbt() -> None:
    """Asks for dbt without loading it.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    if importlib.util.find_spec("dbt") is None:
        raise ModuleNotFoundError("No module named 'dbt'", name="dbt")


def profile_of(target: Target, threads: int = _THREADS) -> dict[str, Any]:
    """The profile of dbt for a warehouse; it holds no password."""
    output: dict[str, Any] = {"type": target.kind, "schema": MODELS_SCHEMA, "threads": threads}
    if target.kind == "duckdb":
        output["path"] = str(target.path.absolute())
    else:
        output |= {
            "host": target.host,
            "port": target.port,
            "user": target.user,
            "password": f"{{{{ env_var('{_PASSWORD}', '') }}}}",
            "dbname": target.database,
            **{name: value for name, value in target.options if name.startswith("ssl")},
        }
    return {PROFILE: {"target": "warehouse", "outputs": {"warehouse": output}}}


def build_models(
    target: Target,
    *,
    variables: Mapping[str, Any] | None = None,
    options: Sequence[str] = (),
    watch: Callable[[int, int], None] = lambda done, total: None,
    project: Path = PROJECT,
    keep: Callable[[Path], None] = lambda folder: None,
) -> ModelsResult:
    """Builds and tests all models.

    Args:
        target: the warehouse, which no other process may hold if it is a DuckDB.
        variables: for the project's own.
        options: further ones for `dbt build`, such as `--full-refresh`.
        watch: told how many nodes are done, and how many there are.
        project: the folder of the dbt project.
        keep: told the folder of what dbt made, if all went well, before it is removed.
    """
    began, result = time.monotonic(), ModelsResult()
    with owned_folder() as files:
        folder = str(files)
        profile = files / "profiles.yml"
        profile.write_text(yaml.safe_dump(profile_of(target)), encoding="utf-8")
        command = [sys.executable, "-m", "stripe_saas.warehouse.dbt_process"]
        command += ["--log-format", "json", "--log-path", folder, "build"]
        command += ["--project-dir", str(project), "--profiles-dir", folder]
        command += ["--target-path", str(files / "target")]
        # Of the models' logic, not of this warehouse: they pass or fail alike after every sync.
        command += ["--exclude-resource-type", "unit_test"]
        command += ["--vars", json.dumps(dict(variables or {})), *options]
        process = subprocess.Popen(
            command,
            # Nothing is written to it: its end tells dbt that this process has ended.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(target),
            cwd=folder,
        )
        with process, _ended_in_the_end(process):
            for event in _events(process):
                _note(event, result, watch)
        result.is_good = process.returncode == 0
        if result.is_good:
            keep(files / "target")
    result.seconds = time.monotonic() - began
    if not result.is_good and not result.problems:
        result.problems.append(f"dbt ended with code {process.returncode}")
    return result


@contextmanager
def _ended_in_the_end(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ends a process that is not waited for any more, because a signal came."""
    try:
        yield
    except BaseException:
        process.terminate()
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        raise


def told_problems(result: ModelsResult) -> list[str]:
    """What went wrong, the first few of it."""
    shown = [f"  {problem}" for problem in result.problems[:_SHOWN_PROBLEMS]]
    more = len(result.problems) - _SHOWN_PROBLEMS
    return [*shown, f"  and {more} more"] if more > 0 else shown


def _environment(target: Target) -> dict[str, str]:
    environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "0", "DO_NOT_TRACK": "1"}
    environment.update({"DBT_VERSION_CHECK": "0", "DBT_USE_COLORS": "0"})
    return {**environment, _PASSWORD: target.password} if target.password else environment


def _events(process: subprocess.Popen[bytes]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            # What is no event is a traceback's line or a warning of Python's.
            continue
        if isinstance(event, dict) and "info" in event:
            yield event


def _note(
    event: Mapping[str, Any], result: ModelsResult, watch: Callable[[int, int], None]
) -> None:
    info, data = event["info"], event.get("data") or {}
    if info["name"] in ("LogModelResult", "LogTestResult", "LogSeedResult"):
        # What failed is told again, and better, at the end.
        if data.get("status", "").lower().startswith(("pass", "ok", "insert", "select", "create")):
            result.done += 1
        if info["name"] == "LogModelResult":
            name = str((data.get("node_info") or {}).get("node_name", ""))
            result.models[name] = float(data.get("execution_time") or 0)
        watch(int(data.get("index", 0)), int(data.get("total") or data.get("num_models") or 0))
    elif info["level"] == "error" and (text := " ".join(str(info["msg"]).split())):
        result.problems.append(text)
