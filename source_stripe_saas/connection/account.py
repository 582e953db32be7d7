"""A client -> which account its key opens, and what time it is there."""

from __future__ import annotations

import time
from dataclasses import dataclass

from source_stripe_saas.api.access import Access
from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.refusal import KeyRefused, PermissionRefused, Refusal
from source_stripe_saas.config.settings import Settings


class AccountRefused(Exception):
    """The key is good, but the account named in the config is not to be reached with it."""

    def __init__(self, account_id: str, refused: Refusal) -> None:
        super().__init__(str(refused))
        self.account_id, self.refused = account_id, refused


@dataclass(frozen=True)
class Account:
    """What the first replies tell."""

    id: str | None
    """The account that is read; None where the key may not know."""
    name: str | None
    created: int
    """When the account was opened, Unix seconds; 0 where the key may not know."""
    now: int
    """Stripe's clock, Unix seconds."""


def access_of(settings: Settings) -> Access:
    """What a client of Stripe's API needs of a config."""
    return Access(
        settings.key,
        settings.api_url,
        settings.requests_per_second,
        settings.endpoint_requests_per_second,
    )


def open_account(client: StripeClient, settings: Settings) -> Account:
    """Finds out about the key's account, and turns the client to another one if the config asks.

    `/v1/account` may be refused to restricted keys whatever they are allowed, so a refusal is no
    failure; its text names the key's own account.

    Raises:
        KeyRefused: Stripe does not accept the key.
        AccountRefused: the account in the config cannot be reached.
        Unreachable: no answer.
    """
    wanted = settings.account_id
    if client.access.is_organization_key and wanted:
        client.act_on(wanted)
        return _described(client, wanted)
    own = _described(client, None)
    if wanted is None or wanted == own.id:
        return own
    client.act_on(wanted)
    try:
        return _described(client, wanted, must_answer=True)
    except KeyRefused:
        raise
    except Refusal as refused:
        raise AccountRefused(wanted, refused) from refused


def _described(client: StripeClient, known_id: str | None, *, must_answer: bool = False) -> Account:
    # Where this is refused, the refusal carries Stripe's clock and names the account all the same.
    try:
        reply = client.get("account")
    except KeyRefused:
        raise
    except Refusal as refused:
        if must_answer and not _lacks_only_this_permission(refused):
            raise
        return Account(known_id or refused.account_id, None, 0, refused.moment or int(time.time()))
    body = reply.body
    profile = body.get("business_profile") or {}
    settings = (body.get("settings") or {}).get("dashboard") or {}
    return Account(
        id=body.get("id") or known_id,
        name=profile.get("name") or settings.get("display_name"),
        created=int(body.get("created") or 0),
        now=reply.moment or int(time.time()),
    )


def _lacks_only_this_permission(refused: Refusal) -> bool:
    """True if the account is within reach and just its description is not."""
    return isinstance(refused, PermissionRefused) and refused.permission is not None
