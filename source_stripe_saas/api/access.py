"""How to reach one account at Stripe: by which key, where, and how fast."""

from __future__ import annotations

from dataclasses import dataclass, field

STRIPE_URL = "https://api.stripe.com"


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
