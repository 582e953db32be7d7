"""A built warehouse and the company's own books in; the figures of money in which they differ out.

`mrr_to_cash`, `deferred_revenue_monthly` and `payout_reconciliation` are held against
`stripe_sandbox.company.cash_book` and `deferral_book`, every month and currency, to the minor unit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from stripe_sandbox.account import Account
from stripe_sandbox.company.cash_book import CashBook
from stripe_sandbox.company.clients import monthly_movements
from stripe_sandbox.company.deferral_book import DeferralBook

BILLED = (
    *("recurring", "prepayments", "prorations", "usage", "one_off", "discounts", "tax"),
    *("invoiced", "customer_balance", "credit_notes", "voids", "write_offs", "collected"),
    *("other_charges", "charged", "refunds", "disputes", "fees", "payouts", "balance_change"),
)
"""Columns of `mrr_to_cash` that the company's books hold under the same names."""
NOTHING = ("other_invoiced", "collected_elsewhere", "payment_timing", "settlement", "other")
"""Columns for what the simulated companies do not do."""
DEFERRED = ("billed", "credit_notes", "voids", "recognised", "closing")
Query = Callable[[str], list[tuple[Any, ...]]]


@dataclass
class Comparison:
    """What was compared, and what came out."""

    months: int = 0
    """Pairs of currency and month."""
    figures: int = 0
    wrong: list[str] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)
    """Column -> how many months it is not 0 in; what never moves would be compared with nothing."""

    def expect(self, key: tuple[str, date], name: str, found: int, true: int) -> None:
        """Compares one figure, in minor units."""
        self.figures += 1
        self.totals[name] = self.totals.get(name, 0) + bool(true)
        if found != true:
            self.wrong.append(f"{key[0]} {key[1]:%Y-%m}: {name} {found} for {true}")


def compare_cash(account: Account, query: Query, *, with_mrr: bool) -> Comparison:
    """Compares every month of every currency.

    Args:
        account: a company whose rows the warehouse holds.
        query: asks the warehouse.
        with_mrr: whether closing MRR is compared too; only of a company that does nothing hidden.
    """
    found = Comparison()
    _bridge(found, account, query, with_mrr)
    _deferral(found, account, query)
    _payouts(found, account, query)
    return found


def _bridge(found: Comparison, account: Account, query: Query, with_mrr: bool) -> None:
    columns = (*BILLED, *NOTHING, "closing_mrr", "opening_receivables", "closing_receivables")
    told = _rows(query, "mrr_to_cash", columns)
    book = CashBook(account.store)
    ledger = monthly_movements(account.company.ledger(), account.store.now) if with_mrr else {}
    found.months = len(told)
    for key in sorted({*told, *book.months}):
        row, true = told.get(key, dict.fromkeys(columns, 0)), book.months.get(key, {})
        for name in BILLED:
            found.expect(key, name, row[name], true.get(name, 0))
        for name in NOTHING:
            found.expect(key, name, row[name], 0)
        found.expect(key, "closing_receivables", row["closing_receivables"], book.receivables(key))
        if with_mrr:
            closing = ledger.get(key, {}).get("closing", 0)
            found.expect(key, "closing_mrr", row["closing_mrr"], closing)
    for currency in {key[0] for key in told}:
        before = 0
        for key in sorted(key for key in told if key[0] == currency):
            found.expect(key, "opening_receivables", told[key]["opening_receivables"], before)
            before = told[key]["closing_receivables"]


def _deferral(found: Comparison, account: Account, query: Query) -> None:
    told = _rows(query, "deferred_revenue_monthly", (*DEFERRED, "opening"))
    true = DeferralBook(account.store).months()
    for key in sorted({*told, *true}):
        row = told.get(key, dict.fromkeys((*DEFERRED, "opening"), 0))
        for name in DEFERRED:
            found.expect(key, f"deferred {name}", row[name], true.get(key, {}).get(name, 0))
        moved = row["opening"] + row["billed"] + row["credit_notes"] + row["voids"]
        found.expect(key, "deferred roll", row["closing"], moved - row["recognised"])
    for currency in {key[0] for key in told}:
        last = max(key for key in told if key[0] == currency)
        found.expect(last, "deferred at the end", told[last]["closing"], 0)


def _payouts(found: Comparison, account: Account, query: Query) -> None:
    rows = query(
        "select payout_id, amount_minor, transactions, transactions_minor, difference_minor "
        "from stripe_marts.payout_reconciliation"
    )
    told = {row[0]: row[1:] for row in rows}
    true = account.payout_transactions
    if set(told) != set(true):
        found.wrong.append(f"payouts: {len(told)} for {len(true)}")
    for payout, transactions in true.items():
        content = account.store.get("payout", payout) or {}
        wanted = (content.get("amount"), len(transactions), content.get("amount"))
        difference = None if content["reconciliation_status"] == "in_progress" else 0
        found.figures += 4
        if told.get(payout) != (*wanted, difference):
            found.wrong.append(f"{payout}: {told.get(payout)} for {(*wanted, difference)}")


def _rows(
    query: Query, mart: str, columns: tuple[str, ...]
) -> dict[tuple[str, date], dict[str, int]]:
    names = ", ".join(f"{name}_minor" for name in columns)
    rows = query(f"select currency, date_month, {names} from stripe_marts.{mart}")
    return {(row[0], row[1]): dict(zip(columns, row[2:], strict=True)) for row in rows}
