"""A sandbox account on a free port, a connector that reads it, and the truth about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from integration_tests.connector import Connector
from integration_tests.truth import Truth
from stripe_sandbox.account import SECONDS_PER_DAY, Account, AccountKind, open_account
from stripe_sandbox.server.running import running_sandbox

LIVE_KEY = "sk_live_integration0000000001"
SMALL = {"customers": 60, "months": 8}
"""A company that is read in seconds."""


@dataclass
class World:
    """Everything that a whole sync needs."""

    account: Account
    url: str
    connector: Connector
    truth: Truth

    def advance(self, days: float) -> None:
        """Lets days pass in the account."""
        self.account.advance(round(days * SECONDS_PER_DAY))

    def post(self, control: str, body: Any = None) -> None:
        """Uses one of the server's control routes."""
        reply = requests.post(f"{self.url}/_sandbox/{control}", json=body, timeout=10)
        reply.raise_for_status()


@contextmanager
def a_world(
    folder: Path,
    kind: AccountKind = "company",
    *,
    serving: dict[str, Any] | None = None,
    **options: Any,
) -> Iterator[World]:
    """An account of its own, served for as long as the context lasts.

    Args:
        folder: where the connector's files go.
        kind: a simulated company, small unless said otherwise, or Stripe's samples.
        serving: settings of the server.
        **options: of the account.
    """
    if kind == "company":
        options = {**SMALL, **options}
    account = open_account(kind, **options)
    with running_sandbox(account, **(serving or {})) as url:
        config = {"client_secret": LIVE_KEY} if options.get("livemode") else {}
        yield World(account, url, Connector(folder, url, **config), Truth(account))
