"""How to reach one account at Stripe: by which key, where, and how fast."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

STRIPE_URL = "https://api.stripe.com"


class Tokens(Protocol):
    """Access tokens that expire, in the place of a key; safe to use from many threads."""

    def current(self) -> str:
        """The token to send now, renewed first if it is due.

        Raises:
            StripeError: it is due, and no other can be had.
        """
        ...

    def renew(self, refused: str) -> None:
        """Gets another token, unless that has happened since the refused one was given.

        Raises:
            StripeError: no other can be had.
        """
        ...


@dataclass(frozen=True)
class Access:
    """What a client needs to know; all of it has been checked."""

    key: str = field(repr=False)
    """A secret, restricted or organization key, fit for a header."""
    url: str = STRIPE_URL
    """The address below which `/v1/...` is asked for, without a slash at its end."""
    requests_per_second: int | None = None
    """Cap on the account's requests; None: Stripe's limit for the key's mode."""
    endpoint_requests_per_second: int | None = None
    """The same for each endpoint; None: Stripe's limit."""
    tokens: Tokens | None = field(default=None, repr=False, compare=False)
    """What is sent instead of the key, which then only tells the mode."""

    @property
    def is_stripe(self) -> bool:
        """True if requests go to Stripe itself, whose limits hold whatever the caps say."""
        return self.url == STRIPE_URL

    @property
    def is_live(self) -> bool:
        """True for a key to live data, which Stripe answers more often."""
        return self.key.startswith(("sk_live_", "rk_live_"))

    @property
    def is_organization_key(self) -> bool:
        """Organization keys name the account in another header (`Stripe-Context`)."""
        return self.key.startswith("sk_org")
