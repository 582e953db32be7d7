"""A simulated SaaS company: `Company(CompanyOptions(seed=7)).build()` fills its `store`.

Everything is deterministic. Times are Unix seconds on the account's own clock.
"""

from stripe_sandbox.company.company import Company
from stripe_sandbox.company.ledger import LedgerEntry
from stripe_sandbox.company.options import (
    ACCOUNT_ID,
    BUILD_END,
    PINNED_VERSION,
    CompanyOptions,
)

__all__ = [
    "ACCOUNT_ID",
    "BUILD_END",
    "PINNED_VERSION",
    "Company",
    "CompanyOptions",
    "LedgerEntry",
]
