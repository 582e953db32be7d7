"""Several accounts -> which of them a command works on, and what is known of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from source_stripe_saas.config.settings import ConfigError, Settings
from source_stripe_saas.streams.account_states import read_account_states


def account_settings(settings: Settings, account: str) -> Settings:
    """The settings by which one of several accounts is read alone."""
    return replace(settings, account_id=account, accounts=None)


def accounts_asked(known: Iterable[str], asked: str | None) -> tuple[str, ...]:
    """The accounts to work on: the one that was asked for, or all.

    Args:
        known: those that the config opens.
        asked: what the command line names, if anything.

    Raises:
        ConfigError: the config does not open the account.
    """
    names = tuple(known)
    if asked is None:
        return names
    if asked not in names:
        raise ConfigError("accounts", f"does not open {asked}, which `--account` names.")
    return (asked,)


def states_of_account(
    states: Mapping[str, Mapping[str, Any]], account: str
) -> dict[str, Mapping[str, Any]]:
    """The last states of one account, out of those of all accounts."""
    parts = {name: read_account_states(blob).parts for name, blob in states.items()}
    return {name: of[account] for name, of in parts.items() if account in of}
