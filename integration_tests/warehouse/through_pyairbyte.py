"""A sandbox account in; a DuckDB that `stripe-saas sync` filled from it, by PyAirbyte, out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from integration_tests.warehouse.sandbox_records import MODELED_STREAMS
from stripe_sandbox.account import Account
from stripe_sandbox.server.running import running_sandbox

_KEY = "sk_test_warehouse000000000001"
_NO_LIMIT = 1_000_000
"""Requests a second that no machine reaches: how fast Stripe would answer is not the question."""
_LONGEST_SECONDS = 1800


def sync_duckdb(database: Path, folder: Path, account: Account) -> None:
    """Serves the account and lets the command of the product read what the models need.

    Args:
        database: the file; made if there is none.
        folder: for the config.
        account: a company.

    Raises:
        CalledProcessError: the sync was not complete.
    """
    config = folder / "config.json"
    with running_sandbox(account) as url:
        settings = {"client_secret": _KEY, "api_url": url}
        limits = {"call_rate_limit": _NO_LIMIT, "endpoint_rate_limit": _NO_LIMIT}
        config.write_text(json.dumps({**settings, **limits}), encoding="utf-8")
        command = [sys.executable, "-m", "stripe_saas.cli", "sync"]
        command += ["--config", str(config), "--warehouse", f"duckdb:///{database}", "--no-models"]
        command += ["--streams", *MODELED_STREAMS, "subscription_events"]
        subprocess.run(command, check=True, timeout=_LONGEST_SECONDS)
