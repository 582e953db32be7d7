"""A client -> the account that its key belongs to, and Stripe's clock."""

from __future__ import annotations

import time
from dataclasses import dataclass

from source_stripe_saas.api.access import Access, Tokens
from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.refusal import KeyRefused, PermissionRefused, Refusal
from source_stripe_saas.config.settings import ConfigError, Settings


class AccountRefused(Exception):
    """The key is valid, but cannot reach the account that the config names."""

    def __init__(self, account_id: str, refused: Refusal) -> None:
        super().__init__(str(refused))
        self.account_id, self.refused = account_id, refused


@dataclass(frozen=True)
class Account:
    """The account that is read."""

    id: str | None
    """Stripe's id (`acct_...`); None if the key may not read it."""
    name: str | None
    created: int
    """When the account was opened, Unix seconds; 0 if the key may not read it."""
    now: int
    """Stripe's clock, Unix seconds."""


def access_of(settings: Settings, tokens: Tokens | None = None) -> Access:
    """The part of the settings that a client of Stripe's API needs.

    Args:
        settings: from the config.
        tokens: of `connection.oauth`, for a config with OAuth; without them only an access token
            that lasts can be used.

    Raises:
        ConfigError: the access token does not last, and there is nobody to keep the next one.
    """
    if tokens is None and settings.oauth is not None and not settings.oauth.is_lasting:
        raise ConfigError(
            "credentials",
            "of a Stripe App work only where renewed tokens are kept, as Airbyte does: use a key.",
        )
    return Access(
        settings.key,
        settings.api_url,
        settings.requests_per_second,
        settings.endpoint_requests_per_second,
        tokens,
    )


def open_account(client: StripeClient, settings: Settings, own: Account | None = None) -> Account:
    """Describes the account to read, and directs the client to it if it is not the key's own.

    Args:
        client: reads the key's own account until then.
        settings: the checked config.
        own: the key's own account, if it has been described already.

    Stripe may refuse `/v1/account` to a restricted key whatever the key is allowed, so a refusal is
    not a failure; its message names the key's own account.

    Raises:
        ConfigError: an organization key without an account.
        KeyRefused: Stripe does not accept the key.
        AccountRefused: the account in the config cannot be reached.
        Unreachable: no reply.
    """
    wanted = settings.account_id
    if client.access.is_organization_key and wanted is None:
        # Every request would be refused: such a key has no account of its own.
        raise ConfigError(
            "account_id",
            "is missing: an organization key (sk_org_...) needs the account to read, or several in "
            "`accounts`.",
        )
    if client.access.is_organization_key and wanted is not None:
        client.act_on(wanted)
        return _described(client, wanted)
    own = own or _described(client, None)
    if wanted is None or wanted == own.id:
        return own
    client.act_on(wanted)
    try:
        return _described(client, wanted, must_answer=True)
    except KeyRefused:
        raise
    except Refusal as refused:
        raise AccountRefused(wanted, refused) from refused


def describe_own(client: StripeClient) -> Account:
    """Describes the account that the client's key belongs to.

    Raises:
        KeyRefused: Stripe does not accept the key.
        Unreachable: no reply.
    """
    return _described(client, None)


def _described(client: StripeClient, known_id: str | None, *, must_answer: bool = False) -> Account:
    # A refusal, too, carries Stripe's clock and names the account.
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
    """True if the account can be reached and only its description is refused."""
    return isinstance(refused, PermissionRefused) and refused.permission is not None
