"""A config -> whose account it opens, and Stripe's clock."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.refusal import StripeError
from source_stripe_saas.config.settings import Settings, parse_settings
from source_stripe_saas.connection.account import Account, AccountRefused, access_of, open_account


class NoAccount(Exception):
    """Stripe lets nobody in with this config; the text says what to do."""


class StripeClock:
    """The account of a config, and what time it is there."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Asks Stripe once.

        Raises:
            ConfigError: a setting cannot be used.
            TrustError: the environment names certificates that are not there.
            NoAccount: Stripe refuses the key or the account, or cannot be reached.
        """
        settings = parse_settings(config)
        members = settings.accounts.ids if settings.accounts else ()
        if members and access_of(settings).is_organization_key:
            # Such a key has no account of its own: one of those that it reads knows the time.
            settings = replace(settings, account_id=members[0])
        self._settings: Settings = settings
        self._client = StripeClient(access_of(self._settings))
        self.account: Account = self._asked()
        if settings.account_id is not None and settings.accounts is not None:
            self.account = replace(self.account, id=",".join(members), name=None)
        self._asked_at = time.monotonic()

    @property
    def mode(self) -> str:
        """`live`, `test` or `unknown`, by the key."""
        return self._settings.key_mode

    def now(self) -> int:
        """Stripe's clock, Unix seconds: asked again, or carried on if there is no answer."""
        try:
            return open_account(self._client, self._settings).now
        except (StripeError, AccountRefused):
            return self.carried_on()

    def carried_on(self) -> int:
        """Stripe's clock, Unix seconds, by the time that has passed since it was asked."""
        return self.account.now + int(time.monotonic() - self._asked_at)

    def _asked(self) -> Account:
        try:
            return open_account(self._client, self._settings)
        except AccountRefused as error:
            from source_stripe_saas.connection import errors  # loads the CDK, which takes seconds

            refused = errors.refused_account(error.account_id, error.refused)
            raise NoAccount(str(refused.message)) from None
        except StripeError as error:
            from source_stripe_saas.connection import errors

            raise NoAccount(str(errors.refused_at_start(error).message)) from None
