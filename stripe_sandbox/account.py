"""A kind of account and its options in; a running Stripe account with a clock out."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from stripe_sandbox.connections import Connections
from stripe_sandbox.render import Renderer
from stripe_sandbox.shelf import Shelf
from stripe_sandbox.store import Store, StripeObject

if TYPE_CHECKING:
    from stripe_sandbox.company import Company

AccountKind = Literal["company", "samples"]
SECONDS_PER_DAY = 86_400


@dataclass
class Account:
    """One account: what it holds, and how its time passes."""

    store: Store
    account_id: str
    payout_transactions: dict[str, list[str]]
    """Automatic payout -> the balance transactions it paid out."""
    moves: list[Callable[[int], None]] = field(default_factory=list)
    """What happens when the clock is moved on by some seconds, in order."""
    write_ledger: Callable[[], Any] = list
    company: Any = None
    """The simulated company behind it, if there is one; it keeps the true ledger."""
    shelf: Shelf = field(init=False)
    renderer: Renderer = field(init=False)
    connections: Connections[Account] = field(init=False)
    """The accounts connected to this one."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.shelf = Shelf(self.store)
        self.renderer = Renderer(self.shelf)
        self.connections = Connections(self.store, self._open_connected)

    def advance(self, seconds: int) -> None:
        """Lets time pass; the account changes as it does.

        Raises:
            ValueError: time would run backwards.
        """
        if seconds < 0:
            raise ValueError(f"The clock only moves on; {seconds} seconds would move it back.")
        with self.lock:
            for move in self.moves:
                move(seconds)
            self.shelf.forget()

    def _open_connected(
        self, content: StripeObject, seed: int, customers: int, months: int
    ) -> Account:
        with _no_collection():
            if months == 0:
                store = Store(now=self.store.now, livemode=self.store.livemode)
                store.put(content)
                return Account(store, content["id"], {}, moves=[_only_the_clock(store)])
            return _connected_company(
                content, seed, self.store.livemode, customers=customers, months=months
            )

    def ledger(self) -> Any:
        """The true MRR changes, as the simulation wrote them down; empty for samples."""
        return self.write_ledger()


def open_account(
    kind: AccountKind = "company", *, seed: int = 7, connected: int = 0, **options: Any
) -> Account:
    """Builds an account.

    Args:
        kind: `company` simulates a SaaS company; `samples` holds a dozen or so of everything,
            made from Stripe's published samples.
        seed: same seed, same account.
        connected: how many connected accounts it has beside those of the samples.
        **options: `livemode` for both; for a company whatever its `CompanyOptions` take.
    """
    with _no_collection():
        make = _samples_account if kind == "samples" else _company_account
        account = make(seed, **options)
        account.connections.connect(connected)
        return account


@contextmanager
def _no_collection() -> Iterator[None]:
    """Spares the collector a heap that only grows; it would take half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _samples_account(seed: int, *, livemode: bool = False) -> Account:
    from stripe_sandbox.samples import SAMPLES_NOW, advance, fill

    store = Store(now=SAMPLES_NOW, livemode=livemode)
    payout_transactions = fill(store, seed)

    def move(seconds: int) -> None:
        start = store.now
        store.now += seconds
        advance(store, seed, start, store.now, payout_transactions)

    own = next(iter(store.rows["account"]))
    return Account(store, own, payout_transactions, moves=[move])


def _company_account(seed: int, *, livemode: bool = False, **options: Any) -> Account:
    from stripe_sandbox.company import Company, CompanyOptions
    from stripe_sandbox.samples import breadth, breadth_advance, own_account

    company = Company(CompanyOptions(seed=seed, **options))
    company.build()
    store = company.store
    store.livemode = livemode
    account_id = own_account(store, seed)
    breadth(store, seed)
    if livemode:
        _make_live(store)

    def move(seconds: int) -> None:
        start = store.now
        company.advance(seconds)
        breadth_advance(store, seed, start, store.now)
        if livemode:
            _make_live(store)

    return _account_of(company, account_id, move)


def _connected_company(content: StripeObject, seed: int, livemode: bool, **options: Any) -> Account:
    """A company alone, without anything made of samples, as the account that is given."""
    from stripe_sandbox.company import Company, CompanyOptions

    company = Company(CompanyOptions(seed=seed, **options))
    company.build()
    store = company.store
    store.livemode = livemode
    store.rows["account"].clear()
    store.put(content)

    def move(seconds: int) -> None:
        company.advance(seconds)
        if livemode:
            _make_live(store)

    if livemode:
        _make_live(store)
    return _account_of(company, content["id"], move)


def _account_of(company: Company, account_id: str, move: Callable[[int], None]) -> Account:
    return Account(
        company.store,
        account_id,
        company.payout_transactions,
        moves=[move],
        write_ledger=company.ledger_as_json,
        company=company,
    )


def _only_the_clock(store: Store) -> Callable[[int], None]:
    def move(seconds: int) -> None:
        store.now += seconds

    return move


def _make_live(store: Store) -> None:
    """Turns everything new into live mode; the simulation itself only knows test mode."""
    for table in store.rows.values():
        for row in table.values():
            # What is live already is so in all of its parts; most of an account is.
            if row.content.get("livemode") is not True:
                _set_livemode(row.content)


def _set_livemode(node: Any) -> None:
    if isinstance(node, list):
        for entry in node:
            _set_livemode(entry)
    elif isinstance(node, dict):
        if "livemode" in node:
            node["livemode"] = True
        for value in node.values():
            _set_livemode(value)
