"""What a simulated company can be asked to be, and the constants of its account."""

from __future__ import annotations

from dataclasses import dataclass

from stripe_sandbox.company.habits import checked_habits

ACCOUNT_ID = "acct_1QeTr5B7kLmWp9Zx"
ID_SUFFIX = "B7kLmWp9Zx"
"""Stripe's ids end in random characters around a part that is the account's own."""

PINNED_VERSION = "2026-05-27.dahlia"

BUILD_END = 1_781_524_800
"""2026-06-15T12:00:00Z: the account's clock after a build, whatever the machine says."""

MINUTE = 60
HOUR = 3_600
DAY = 86_400

QUIET_SECONDS = 120
"""How long before the account's now nothing happens."""


@dataclass(frozen=True)
class CompanyOptions:
    """The whole input of a simulation: same options, same company."""

    seed: int = 7
    customers: int = 500
    """How many sign up from the start to the end of the build."""
    months: int = 24
    """Age of the company at the end of the build."""
    traceable: bool = False
    """Only do what the API still shows exactly when the events are gone."""
    habits: frozenset[str] = frozenset()
    """Names of `HABITS`: what it does beside the plain course of things."""

    def __post_init__(self) -> None:
        """Refuses what cannot be simulated.

        Raises:
            ValueError: a count is not positive, or a habit is unknown.
        """
        checked_habits(self.habits)
        if self.customers < 1 or self.months < 1:
            raise ValueError(
                f"customers and months must be at least 1, not {self.customers} and {self.months}"
            )
