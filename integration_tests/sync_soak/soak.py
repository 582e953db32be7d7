"""A scenario -> what was lost, stale, deleted by mistake or said although it was not so."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from integration_tests.forking import ForkedPopen
from integration_tests.sync_soak.faults import (
    SITECUSTOMIZE,
    Surroundings,
    bad_value,
    lasting,
    small_disk,
    strike,
)
from integration_tests.sync_soak.scenario import Scenario, Step
from integration_tests.sync_soak.server_clock import ServerClock
from integration_tests.warehouse.postgres import Postgres
from integration_tests.warehouse.syncing import Warehouse
from integration_tests.world import a_world
from stripe_saas import cli

STREAMS = ("products", "customers", "subscriptions", "invoices", "charges")
_SCRIPT = (str(Path(sys.executable).with_name("stripe-saas")),)
_TINY: dict[str, Any] = {"customers": 12, "months": 4}
_LONGEST_SECONDS = 900
"""Wall time: on a busy machine seconds of work take minutes."""
_CODES = (0, 1, 130, 143, -9, -15, -2)
"""Negative ones: by the signal itself, before the command's own code ran or after it."""
_OWN = ("updated", "is_deleted", "_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta")
_GENERATION = "_airbyte_generation_id"


class Soaking:
    """One company and its warehouse."""

    def __init__(
        self, warehouse: Warehouse, folder: Path, around: Surroundings, *, is_forked: bool
    ) -> None:
        self._warehouse, self._folder, self._around = warehouse, folder, around
        self._command = [sys.executable, *(("-m", "stripe_saas.cli") if is_forked else _SCRIPT)]
        self._popen = ForkedPopen if is_forked else subprocess.Popen
        self._undisturbed_seconds = 10.0
        self.problems: list[str] = []
        """What must not be."""
        (folder / "clock").mkdir()
        (folder / "clock" / "sitecustomize.py").write_text(SITECUSTOMIZE)

    def run(self, scenario: Scenario) -> None:
        """All steps, then one undisturbed sync and the comparisons."""
        began = time.monotonic()
        self._expect(self._started(Step(0, "nothing", 0)), "the first sync")
        self._undisturbed_seconds = time.monotonic() - began
        for number, step in enumerate(scenario.steps, 1):
            self._step(step, f"step {number} ({step.fault}{', full' if step.is_full else ''})")
        self._warehouse.world.advance(1)
        has_models = any(step.models_seconds is not None for step in scenario.steps)
        last = Step(0, "nothing", 0, models_seconds=0 if has_models else None)
        self._expect(self._started(last), "the last sync but one")
        # A first read that was broken off is taken up to the moment at which it began, by design;
        # what came after that is read by the sync behind it.
        self._expect(self._started(Step(0, "nothing", 0)), "the last sync")
        self._compare()

    def _step(self, step: Step, name: str) -> None:
        self._warehouse.world.advance(step.days)
        before = self._held()
        odd = step.fault == "bad value"
        store = self._warehouse.world.account.store
        with bad_value(store) if odd else contextlib.nullcontext():
            with lasting(step.fault, self._around):
                process = self._started(step)
                others = [self._started(step)] if step.fault == "twice" else []
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(
                        step.share * self._undisturbed_seconds + (step.models_seconds or 0)
                    )
                if process.poll() is None:
                    strike(step.fault, process, self._around)
                said = [self._said(each) for each in (process, *others)]
            held = self._held()
            truth = self._truth()
            for code, text in said:
                # A value that does not fit makes a row with null in it; ids are there all the same.
                if (code == 0 or "Complete" in text) and held != truth:
                    self.problems.append(f"{name}: Complete, and it is not: {text[-300:]}")
                if code not in _CODES:
                    self.problems.append(f"{name}: code {code}: {text[-500:]}")
                # Before the command itself runs, Python says by one that it was interrupted.
                if "Traceback" in text and "KeyboardInterrupt" not in text:
                    self.problems.append(f"{name}: {text[-1000:]}")
            for stream in STREAMS:
                gone = (before[stream] & truth[stream]) - held[stream]
                if gone:
                    self.problems.append(f"{name}: {len(gone)} {stream} were deleted by mistake")

    def _started(self, step: Step) -> subprocess.Popen[str]:
        config = self._warehouse.world.connector.file(self._warehouse.world.connector.config)
        command = [*self._command, "sync", "--config", config]
        command += ["--warehouse", self._warehouse.address, "--streams", *STREAMS]
        command += [] if step.models_seconds is not None else ["--no-models"]
        command += ["--full"] if step.is_full else []
        environment = dict(os.environ)
        if step.clock_offset_seconds:
            environment["CLOCK_OFFSET"] = str(step.clock_offset_seconds)
            environment["PYTHONPATH"] = str(self._folder / "clock")
        return self._popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )

    def _expect(self, process: subprocess.Popen[str], name: str) -> None:
        code, text = self._said(process)
        if code != 0:
            self.problems.append(f"{name} ended with {code}: {text[-500:]}")

    def _said(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        try:
            text, _ = process.communicate(timeout=_LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            text, _ = process.communicate()
            self.problems.append(f"it hung: {text[-300:]}")
        return process.returncode, text

    def _held(self) -> dict[str, set[str]]:
        # By one connection: opening a DuckDB takes longer than asking it.
        with self._warehouse.database() as database:
            tables = {each: database.rows(f"select * from stripe_raw.{each}") for each in STREAMS}
        return {
            stream: {row["id"] for row in rows if not row.get("is_deleted")}
            for stream, rows in tables.items()
        }

    def _truth(self) -> dict[str, set[str]]:
        counts = self._warehouse.world.truth.counts()
        return {stream: set(counts[stream]["ids"]) for stream in STREAMS}

    def _compare(self) -> None:
        """With Stripe, and row by row with a warehouse that is new."""
        config = self._warehouse.world.connector.file(self._warehouse.world.connector.config)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            words = ["verify", "--config", config, "--warehouse", self._warehouse.address, "--all"]
            cli.run(words)
        if "nothing missing, extra or stale" not in out.getvalue():
            self.problems.append(f"verify: {out.getvalue()[-1500:]}")
        fresh = Warehouse(self._warehouse.world, f"duckdb:///{self._folder / 'fresh.duckdb'}")
        with contextlib.redirect_stdout(out):
            if fresh.sync("--streams", *STREAMS) != 0:
                self.problems.append(f"a fresh sync failed: {out.getvalue()[-500:]}")
        held, wanted = _rows(self._warehouse), _rows(fresh)
        for stream in STREAMS:
            ours, theirs = held[stream], wanted[stream]
            for key in sorted(ours.keys() | theirs.keys()):
                if ours.get(key) != theirs.get(key):
                    differing = _difference(ours.get(key), theirs.get(key))
                    self.problems.append(f"{stream} {key}: not as in a fresh one: {differing}")
        left = self._warehouse.rows("select * from stripe_raw._stripe_saas_rejects")
        if left:
            self.problems.append(f"{len(left)} values are still kept apart: {left[0]}")


def soak(
    scenario: Scenario,
    folder: Path,
    postgres: Postgres | None,
    clock: ServerClock | None = None,
) -> list[str]:
    """Runs a scenario; what went wrong, nothing if all is well.

    Args:
        scenario: what happens.
        folder: an empty one.
        postgres: a server for scenarios that want one.
        clock: that server's, if it can be another one than the machine's.
    """
    with _warehouse(scenario, folder, postgres) as (warehouse, disk):
        around = Surroundings(warehouse.address, disk, postgres, clock)
        soaking = Soaking(warehouse, folder, around, is_forked=scenario.is_forked)
        soaking.run(scenario)
    return [f"seed {scenario.seed}, {scenario.kind}: {each}" for each in soaking.problems]


@contextmanager
def _warehouse(
    scenario: Scenario, folder: Path, postgres: Postgres | None
) -> Iterator[tuple[Warehouse, Path | None]]:
    with a_world(folder, **_TINY) as world, small_disk(folder / "disk") as disk:
        if scenario.kind == "postgres":
            assert postgres is not None, "the scenario wants a Postgres"
            yield Warehouse(world, postgres.new_database()), None
        else:
            path = (disk or folder) / "stripe.duckdb"
            yield Warehouse(world, f"duckdb:///{path}"), disk


def _rows(warehouse: Warehouse) -> dict[str, dict[str, dict[str, Any]]]:
    """Stream -> key -> a row's content, without what depends on when it was read."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    with warehouse.database() as database:
        for stream in STREAMS:
            found[stream] = {
                row["id"]: {
                    name: _plain(value)
                    for name, value in row.items()
                    if name not in _OWN and name != _GENERATION
                }
                for row in database.rows(f"select * from stripe_raw.{stream}")
                if not row.get("is_deleted")
            }
    return found


def _difference(ours: dict[str, Any] | None, theirs: dict[str, Any] | None) -> str:
    """Which columns differ, and how."""
    if ours is None or theirs is None:
        return "only here" if ours else "only there"
    return ", ".join(
        f"{name}: {ours.get(name)!r:.80} and {theirs.get(name)!r:.80}"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    )


def _plain(value: Any) -> Any:
    """JSON in one way: DuckDB gives it as text, Postgres decoded."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        with contextlib.suppress(ValueError):
            return json.loads(value)
    return value
