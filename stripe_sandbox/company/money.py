"""The account's balance: fees, what becomes available when, and the daily payouts of it."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from stripe_sandbox.company.calendar import midnight_after
from stripe_sandbox.company.ids import Ids
from stripe_sandbox.company.ledger import half_up
from stripe_sandbox.company.objects import payment as objects
from stripe_sandbox.company.objects.account import account, balance
from stripe_sandbox.company.objects.customer import source_bank_account
from stripe_sandbox.company.options import DAY, HOUR, MINUTE
from stripe_sandbox.company.world import World

_FEES = {
    "usd": (Fraction(29, 1000), 30),
    "eur": (Fraction(15, 1000), 25),
    "gbp": (Fraction(15, 1000), 20),
    "jpy": (Fraction(36, 1000), 0),
    "kwd": (Fraction(29, 1000), 100),
}
DISPUTE_FEE = {"usd": 1500, "eur": 2000, "gbp": 2000, "jpy": 1300, "kwd": 5000}
HOLD_DAYS = 2


class Money:
    """Books balance transactions and pays them out."""

    def __init__(self, world: World, ids: Ids) -> None:
        """An empty balance."""
        self.world = world
        self.ids = ids
        self.payout_transactions: dict[str, list[str]] = {}
        self._waiting: dict[str, list[tuple[int, str, int]]] = {}
        """Currency -> (available on, transaction, net) not paid out yet."""
        self._pending: list[tuple[int, str]] = []
        self._banks: dict[str, str] = {}
        self._payouts = 0

    def open(self) -> None:
        """Opens the account, with a bank account for each currency."""
        self.world.create(account(self.world.now))
        for currency in _FEES:
            bank = source_bank_account(
                self.ids.new("ba"), None, "Acme Cloud", "6789", currency=currency
            )
            self._banks[currency] = bank["id"]
        self.world.queue.at(midnight_after(self.world.now) + 10 * MINUTE, self._pay_out)

    def book(
        self,
        ids: Ids,
        kind: str,
        source: str,
        amount: int,
        currency: str,
        *,
        fee: int = 0,
        at_once: bool = False,
        category: str | None = None,
        description: str | None = None,
    ) -> str:
        """Books one transaction and returns its id."""
        now = self.world.now
        available_on = now if at_once else midnight_after(now) + (HOLD_DAYS - 1) * DAY
        identity = ids.new("txn")
        self.world.store.put(
            objects.balance_transaction(
                identity,
                kind,
                source,
                now,
                available_on,
                amount,
                fee,
                currency,
                status="available" if at_once else "pending",
                category=category,
                description=description,
            )
        )
        if not at_once:
            self._pending.append((available_on, identity))
        if kind != "payout":
            entry = (available_on, identity, amount - fee)
            self._waiting.setdefault(currency, []).append(entry)
        return identity

    def book_charge(self, ids: Ids, charge: str, amount: int, currency: str, text: str) -> str:
        """Books a payment with Stripe's fee."""
        share, flat = _FEES[currency]
        fee = half_up(amount * share) + flat
        return self.book(ids, "charge", charge, amount, currency, fee=fee, description=text)

    def settle(self) -> None:
        """Shows every transaction as available whose time has come, and the balance of now."""
        now, store = self.world.now, self.world.store
        later = []
        for available_on, identity in self._pending:
            if available_on > now:
                later.append((available_on, identity))
                continue
            content = self.world.get("balance_transaction", identity)
            store.put({**content, "status": "available"})
        self._pending = later
        available = dict.fromkeys(_FEES, 0)
        pending = dict.fromkeys(_FEES, 0)
        for currency, entries in self._waiting.items():
            for available_on, _, net in entries:
                (available if available_on <= now else pending)[currency] += net
        store.put(balance(available, pending))

    def _pay_out(self) -> None:
        now = self.world.now
        for currency in _FEES:
            entries = self._waiting.get(currency, [])
            due = [entry for entry in entries if entry[0] <= now]
            amount = sum(net for _, _, net in due)
            if amount <= 0:
                continue
            self._waiting[currency] = [entry for entry in entries if entry[0] > now]
            self._start(currency, amount, [identity for _, identity, _ in due])
        self.world.queue.at(midnight_after(now) + 10 * MINUTE, self._pay_out)

    def _start(self, currency: str, amount: int, transactions: list[str]) -> None:
        world, now = self.world, self.world.now
        self._payouts += 1
        identity = self.ids.new("po")
        arrival = midnight_after(now) + DAY
        transaction = self.book(
            self.ids, "payout", identity, -amount, currency, description="STRIPE PAYOUT"
        )
        bank = self._banks[currency]
        world.create(
            objects.payout(identity, now, arrival, amount, currency, bank, transaction),
            "payout.created",
        )
        self.payout_transactions[identity] = transactions
        world.queue.at(now + 5 * HOUR, self._in_transit, identity)
        chance = Random(f"{world.options.seed}/payout/{identity}")
        if chance.random() < 0.004:
            world.queue.at(arrival + 9 * HOUR, self._fail, identity)
        else:
            world.queue.at(arrival + 9 * HOUR, self._arrive, identity)

    def _in_transit(self, identity: str) -> None:
        self.world.change("payout", identity, {"status": "in_transit"}, "payout.updated")
        self.world.queue.at(self.world.now + HOUR, self._reconcile, identity)

    def _reconcile(self, identity: str) -> None:
        self.world.change(
            "payout",
            identity,
            {"reconciliation_status": "completed"},
            "payout.updated",
            "payout.reconciliation_completed",
        )

    def _arrive(self, identity: str) -> None:
        trace = {"status": "supported", "value": identity[-12:].upper()}
        self.world.change(
            "payout",
            identity,
            {"status": "paid", "trace_id": trace},
            "payout.updated",
            "payout.paid",
        )

    def _fail(self, identity: str) -> None:
        """The bank sends the money back; it goes out again with the next payout."""
        content = self.world.get("payout", identity)
        transaction = self.book(
            self.ids,
            "payout_failure",
            identity,
            content["amount"],
            content["currency"],
            at_once=True,
            description="STRIPE PAYOUT FAILURE",
        )
        self.world.change(
            "payout",
            identity,
            {
                "failure_balance_transaction": transaction,
                "failure_code": "account_closed",
                "failure_message": "The bank account has been closed.",
                "status": "failed",
            },
            "payout.updated",
            "payout.failed",
        )
