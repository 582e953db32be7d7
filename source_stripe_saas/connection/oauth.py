"""A config with OAuth -> access tokens that are renewed when they are due.

The CDK's authenticator does the work: it asks Stripe for a token by POST, puts what came into the
config, and prints that as a CONTROL message, all before the token is used. A refresh token of a
Stripe App is void once it has been used, so what the platform keeps must be the new one.
"""

from __future__ import annotations

import copy
import threading
from typing import Any

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.requests_native_auth import (
    SingleUseRefreshTokenOauth2Authenticator,
)
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets
from airbyte_cdk.utils.datetime_helpers import AirbyteDateTime
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_stripe_saas.api.refusal import GrantEnded, StripeError, Unreachable
from source_stripe_saas.config.settings import OAuth, Settings

_PATH = "oauth/token"
_VOID = "invalid_grant"
"""Stripe's word, and RFC 6749's, for a refresh token that is good for nothing any more."""


def tokens_of(settings: Settings) -> OAuthTokens | None:
    """The tokens of a config with OAuth, None for one with a key.

    A process must have one such object: two would each void the other's refresh token.
    """
    return OAuthTokens(settings.oauth) if settings.oauth is not None else None


class OAuthTokens:
    """The access token of one connection; `api.access.Tokens`."""

    def __init__(self, oauth: OAuth) -> None:
        config: dict[str, Any] = copy.deepcopy(dict(oauth.config))
        self._keeps = oauth.is_lasting
        """Tokens of Connect do not expire: they are renewed only when one is refused."""
        self._lock = threading.Lock()
        self._authenticator = _Authenticator(
            config,
            token_refresh_endpoint=oauth.token_url,
            # The secret stands in a header; in the body too, Stripe would have it twice.
            refresh_request_headers={"Authorization": f"Bearer {oauth.client_secret}"},
            refresh_token_error_status_codes=(400, 401),
            refresh_token_error_key="error",
            refresh_token_error_values=(_VOID,),
        )

    def current(self) -> str:
        """The token to send now; see `Tokens`."""
        with self._lock:
            known = self._authenticator.access_token
            if known and (self._keeps or not self._authenticator.token_has_expired()):
                return known
            self._renew()
            return self._authenticator.access_token

    def renew(self, refused: str) -> None:
        """Replaces a token that Stripe refused; see `Tokens`."""
        with self._lock:
            if self._authenticator.access_token == refused:
                self._renew()

    def _renew(self) -> None:
        # Nobody gets the new token before it has been printed: the lock is held until then.
        try:
            self._authenticator.refresh_and_set_access_token()
        except AirbyteTracedException as error:
            if error.failure_type == FailureType.config_error:
                raise GrantEnded(_PATH, _VOID, 400) from None
            raise Unreachable(_PATH, "no access token came") from None
        except requests.RequestException as error:
            # From None: the request holds the secret.
            raise _failure(error) from None


def _failure(error: requests.RequestException) -> StripeError:
    status = error.response.status_code if error.response is not None else None
    if status is None or status == 429 or status >= 500:
        problem = type(error).__name__ if status is None else f"status {status}"
        return Unreachable(_PATH, problem, status=status)
    return GrantEnded(_PATH, f"status {status}", status)


class _Authenticator(SingleUseRefreshTokenOauth2Authenticator):
    """The CDK's, which also keeps new refresh tokens out of the log."""

    def refresh_access_token(self) -> tuple[str, AirbyteDateTime, str | None]:  # type: ignore[override]
        """A new access token, when it expires, and the refresh token to use next."""
        renewed: tuple[str, AirbyteDateTime, str | None] = super().refresh_access_token()
        if not renewed[0]:
            # Nothing of it may be kept.
            raise AirbyteTracedException(internal_message="a reply without an access token")
        for secret in (renewed[0], renewed[2]):
            if secret:
                add_to_secrets(secret)
        return renewed
