"""A running sandbox -> a warehouse, its models and a report, twice, and the books beside them.

Every step is the command that a user types, run as a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from stripe_saas.demo.mrr_line import mrr_lines
from stripe_saas.demo.mrr_truth import MrrComparison, compare_mrr, shown
from stripe_saas.demo.reads import DemoError
from stripe_saas.demo.sandbox_process import SandboxProcess

_NO_LIMIT = 1_000_000
"""Requests a second that no machine reaches."""

_OWN = "basis <> 'reporting'"
"""MRR in the customers' own currencies, as the books have it."""


class Story:
    """What happens to one warehouse."""

    def __init__(
        self, sandbox: SandboxProcess, folder: Path, out: TextIO, *, is_paced: bool
    ) -> None:
        """Writes the config; a warehouse of an earlier demo goes.

        Args:
            sandbox: what is read.
            folder: for config, warehouse and report.
            out: gets the progress.
            is_paced: whether requests keep to the limits that Stripe sets.
        """
        self._sandbox, self._folder, self._out = sandbox, folder, out
        self.warehouse, self.report = folder / "stripe.duckdb", folder / "report.html"
        for old in (self.warehouse, self.report, folder / "stripe.duckdb.wal"):
            old.unlink(missing_ok=True)
        config: dict[str, Any] = {"client_secret": sandbox.key, "api_url": sandbox.url}
        if not is_paced:
            config |= {"call_rate_limit": _NO_LIMIT, "endpoint_rate_limit": _NO_LIMIT}
        self._config = folder / "config.json"
        self._config.write_text(json.dumps(config, indent=1), encoding="utf-8")

    def tell(self, days: int) -> MrrComparison:
        """Syncs, reports, lets days pass, syncs and reports again, and compares.

        Raises:
            DemoError: a step failed.
        """
        began = time.monotonic()
        self._sync_and_report()
        self._say(f"{days} days pass at the company …")
        self._sandbox.advance(days)
        self._sync_and_report()
        comparison = self._compared()
        self._say("")
        for line in mrr_lines(self._months()):
            self._say(line)
        self._say("")
        for problem in shown(comparison.problems):
            self._say(problem)
        self._say(comparison.verdict)
        self._say(f"{time.monotonic() - began:.0f} s. The report: {self.report}")
        return comparison

    def _sync_and_report(self) -> None:
        into = f"duckdb:///{self.warehouse}"
        self._run("sync", "--config", str(self._config), "--warehouse", into)
        self._run("report", "--warehouse", into, "--out", str(self.report))

    def _run(self, *arguments: str) -> None:
        self._say(f"\n$ stripe-saas {' '.join(arguments)}")
        command: Sequence[str] = [sys.executable, "-m", "stripe_saas.cli", *arguments]
        code = subprocess.run(command, check=False).returncode
        if code != 0:
            raise DemoError(f"stripe-saas {arguments[0]} ended with code {code}")

    def _compared(self) -> MrrComparison:
        truth = self._sandbox.movements()
        movements = self._query(
            "select client_id as customer, currency, cast(date_day as varchar) as day, movement, "
            f"mrr_delta_minor as amount_minor from stripe_marts.customer_mrr_movements where {_OWN}"
        )
        return compare_mrr(self._months(), movements, truth["months"], truth["movements"])

    def _months(self) -> list[dict[str, Any]]:
        figures = ("opening", "new", "expansion", "contraction", "churn", "reactivation", "closing")
        columns = ", ".join(f"{name}_minor as {name}" for name in figures)
        return self._query(
            "select currency, currency_exponent as exponent, customers, "
            f"substr(cast(date_month as varchar), 1, 7) as month, {columns} "
            f"from stripe_marts.mrr_monthly where {_OWN} order by date_month"
        )

    def _query(self, sql: str) -> list[dict[str, Any]]:
        from stripe_saas.warehouse.database import connected
        from stripe_saas.warehouse.target import Target

        with connected(Target("duckdb", path=self.warehouse), read_only=True) as database:
            return database.rows(sql)

    def _say(self, text: str) -> None:
        print(text, file=self._out, flush=True)
