"""An account's ledger -> its MRR by customer and day, and by month, as JSON."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.account import Account
from stripe_sandbox.company.clients import customer_movements, monthly_movements


def mrr_books(account: Account) -> dict[str, Any]:
    """`movements` and `months`, amounts in the currency's smallest unit; empty for samples.

    Args:
        account: the one that is served; it may not be used elsewhere meanwhile.
    """
    if account.company is None:
        return {"movements": [], "months": []}
    entries = account.company.ledger()
    return {
        "movements": [
            {
                "customer": move.customer_id,
                "currency": move.currency,
                "day": move.day.isoformat(),
                "movement": move.movement,
                "amount_minor": move.amount_minor,
            }
            for move in customer_movements(entries)
        ],
        "months": [
            {"currency": currency, "month": month.isoformat()[:7], **figures}
            for (currency, month), figures in monthly_movements(entries, account.store.now).items()
        ],
    }
