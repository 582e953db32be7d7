"""A key and the config field `accounts` -> the accounts that it reads."""

from __future__ import annotations

from dataclasses import dataclass

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.refusal import KeyRefused, Refusal
from source_stripe_saas.config.accounts import AccountChoice
from source_stripe_saas.config.settings import ConfigError
from source_stripe_saas.connection.account import Account, describe_own

_PAGE_SIZE = "100"


@dataclass(frozen=True)
class FoundAccounts:
    """The accounts of one sync."""

    own: Account | None
    """The key's own; None for an organization's key, which has none."""
    ids: tuple[str, ...]
    """All that are to be read, the key's own first if it is among them."""
    now: int
    """Stripe's clock, Unix seconds."""


def find_accounts(client: StripeClient, choice: AccountChoice) -> FoundAccounts:
    """The accounts that are to be read, of which no other is asked anything yet.

    Stripe lists connected accounts newest first (https://docs.stripe.com/api/accounts/list); they
    are read oldest first, so that those that connect meanwhile come last.

    Raises:
        ConfigError: the key may not list the connected accounts, or not name its own.
        KeyRefused: Stripe does not accept the key.
        Unreachable: no reply.
    """
    if client.access.is_organization_key:
        client.act_on(choice.ids[0])  # only to learn the time
        return FoundAccounts(None, choice.ids, describe_own(client).now)
    own = describe_own(client)
    if not choice.is_all_connected:
        ids = sorted(choice.ids, key=lambda name: name != own.id)
        return FoundAccounts(own, tuple(ids), own.now)
    if own.id is None:
        raise ConfigError(
            "accounts", "cannot be `all_connected` with a key that may not name its own account."
        )
    try:
        connected = _connected(client)
    except KeyRefused:
        raise
    except Refusal as refused:
        raise ConfigError(
            "accounts",
            "is `all_connected`, and Stripe refused the list of connected accounts: "
            f"{refused.message} Name the accounts, or allow the key to read connected accounts.",
        ) from refused
    return FoundAccounts(own, tuple(dict.fromkeys((own.id, *connected))), own.now)


def _connected(client: StripeClient) -> list[str]:
    found: list[str] = []
    after: list[tuple[str, str]] = []
    while True:
        body = client.get("accounts", [("limit", _PAGE_SIZE), *after], is_list=True).body
        ids = [row["id"] for row in body["data"] if isinstance(row.get("id"), str)]
        found += ids
        if not body["has_more"] or not ids:
            return found[::-1]
        after = [("starting_after", ids[-1])]
