"""A platform's connected accounts: small companies, made when they are first asked for.

What is not known of Stripe, and how it is done here: which of a connected account's events a
platform's own list of events shows (none here); whether a request for a connected account counts
against its limits or the platform's (against the platform's here); how soon an account that
revoked its access is gone from `/v1/accounts` (at once here); what a request with an organization
key is answered that lacks one of its two headers (400 here). Every connected account stands for a
member of the organization as well. Their companies have no objects made of samples.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from stripe_sandbox.store import Store, StripeObject

_FEWEST_CUSTOMERS, _MOST_CUSTOMERS = 2, 10
_FEWEST_MONTHS, _MOST_MONTHS = 2, 8


class Connected(Protocol):
    """What is needed of a connected account."""

    store: Store

    def advance(self, seconds: int) -> None:
        """Lets time pass."""
        ...


AnyAccount = TypeVar("AnyAccount", bound=Connected)


class AccessRevoked(Exception):
    """The connected account does not let the platform in any more."""


@dataclass
class Connections(Generic[AnyAccount]):
    """The connected accounts of one platform; whoever uses it holds the platform's lock."""

    store: Store
    """The platform's: it lists the accounts."""
    open_company: Callable[[StripeObject, int, int, int], AnyAccount]
    """An account object, a seed, customers and months -> the account of such a company."""
    is_refusing: set[str] = field(default_factory=set)
    """Accounts that are listed, and refuse every request."""
    requests_left: dict[str, int] = field(default_factory=dict)
    """Accounts that will revoke the access -> after so many more requests."""
    seeds: dict[str, int] = field(default_factory=dict)
    """Account -> the seed of its company, where it does not follow from the id."""
    _opened: dict[str, AnyAccount] = field(default_factory=dict)

    def connect(self, number: int, seeds: Sequence[int] = ()) -> list[str]:
        """Adds new connected accounts, whose companies are some months old already.

        Args:
            number: how many.
            seeds: of their companies; two with the same seed have objects with the same ids.

        Returns:
            Their ids.
        """
        from stripe_sandbox.company.signups import company_start
        from stripe_sandbox.samples.maker import Maker

        known = len(self.store.rows.get("account", {}))
        maker = Maker(self.store, known, "connected accounts", company_start(_MOST_MONTHS))
        added = []
        for index in range(known, known + number):
            identity = f"acct_1C{maker.identity('x')[3:17]}"
            seed = seeds[index - known] if seeds else _seed_of(identity)
            self.seeds[identity] = seed
            fields = {
                "id": identity,
                "business_profile.name": f"Partner {index}",
                "controller": {"type": "account"},
                "email": f"partner{index}@example.com",
                "charges_enabled": True,
                "metadata": {"number": str(index)},
            }
            maker.make("account", company_start(_size_of(seed)[1]) - 60, fields)
            added.append(identity)
        return added

    def account(self, identity: str) -> AnyAccount | None:
        """A connected account as it is now; None if none is connected by that id.

        Raises:
            AccessRevoked: it lets nobody in.
        """
        content = self.store.get("account", identity)
        if identity in self.is_refusing:
            raise AccessRevoked(identity)
        if content is None:
            return None
        opened = self._opened.get(identity)
        if opened is None:
            opened = self._opened[identity] = self._open(content)
        if opened.store.now < self.store.now:
            opened.advance(self.store.now - opened.store.now)
        return opened

    def count_request(self, identity: str) -> None:
        """Notes a request for an account; the last before its end revokes the access."""
        left = self.requests_left.get(identity)
        if left is None:
            return
        if left <= 0:
            self.revoke(identity)
        else:
            self.requests_left[identity] = left - 1

    def revoke(self, identity: str) -> None:
        """The account disconnects itself: it is listed no more, and refuses what is asked of it."""
        self.requests_left.pop(identity, None)
        if self.store.get("account", identity) is not None:
            self.store.remove("account", identity)

    def _open(self, content: StripeObject) -> AnyAccount:
        from stripe_sandbox.company.signups import company_start

        seed = self.seeds.get(content["id"], _seed_of(content["id"]))
        customers, months = _size_of(seed)
        created = content.get("created")
        while months and (not isinstance(created, int) or company_start(months) < created):
            months -= 1  # a company cannot be older than its account
        return self.open_company(content, seed, customers, months)


def _seed_of(identity: str) -> int:
    return int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=4).digest(), "big")


def _size_of(seed: int) -> tuple[int, int]:
    """Customers, and the company's age in months."""
    customers = _FEWEST_CUSTOMERS + seed % (_MOST_CUSTOMERS - _FEWEST_CUSTOMERS + 1)
    months = _FEWEST_MONTHS + seed // 16 % (_MOST_MONTHS - _FEWEST_MONTHS + 1)
    return customers, months
