"""Where the models are; of a warehouse with several accounts, all of them together."""

from __future__ import annotations

from dataclasses import dataclass

from stripe_saas.warehouse.database import Database

KEYS = ("event_id", "subscription_id", "customer_id", "client_id", "currency")
"""Columns of steps that are qualified where there are several accounts: `all|acct_1|sub_1`."""


@dataclass(frozen=True)
class Marts:
    """The models of a warehouse, and SQL that is the same for one account and for several."""

    schema: str
    by_account: bool = False
    """Whether each row is there for its account, and once more for all of them together."""

    @property
    def steps(self) -> str:
        """The schema of the models between the raw tables and the marts."""
        return f"{self.schema}_staging"

    @property
    def is_figure(self) -> str:
        """True of the rows of a mart that are about all accounts together."""
        return "account_id = 'all'" if self.by_account else "1 = 1"

    def is_of_all(self, key: str) -> str:
        """True of the rows of a step that are about all accounts together."""
        return f"split_part({key}, '|', 1) = 'all'" if self.by_account else "1 = 1"

    def plain(self, key: str) -> str:
        """A qualified key of a step as Stripe, or its owner, calls it."""
        if not self.by_account:
            return key
        parts = (f"length(split_part({key}, '|', {number}))" for number in (1, 2))
        return f"substr({key}, {' + '.join(parts)} + 3)"


def marts_of(database: Database, schema: str) -> Marts:
    """The models in a schema."""
    return Marts(schema, database.has_column(schema, "mrr_monthly", "account_id"))
