"""Stripe's side of OAuth, through its own library: where to send people, codes and tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import stripe

from stripe_saas_service.settings import OAuthApp, Settings

_MARKETPLACE = "https://marketplace.stripe.com"
_SECONDS = 15


class OAuthFailed(Exception):
    """Stripe gave no tokens; the text is for people and holds no secret."""


class GrantVoid(OAuthFailed):
    """The code or refresh token is good for nothing any more."""


@dataclass(frozen=True)
class Tokens:
    """What Stripe gave for a code or a refresh token."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    account_id: str
    mode: str
    """`live` or `test`."""


def app_of(settings: Settings, kind: str) -> OAuthApp | None:
    """The app of a kind (`connect`, `app`) that the service was given, None if there is none."""
    return next((app for app in settings.oauth_apps if app.kind == kind), None)


def redirect_uri(settings: Settings) -> str:
    """Where Stripe sends people back to; must be registered there, letter by letter."""
    return f"{settings.url}/connect/stripe/callback"


def authorize_url(settings: Settings, app: OAuthApp, state: str) -> str:
    """The page at Stripe on which an account is connected."""
    asked = {"client_id": app.client_id, "state": state, "redirect_uri": redirect_uri(settings)}
    if app.kind == "connect":
        asked |= {"response_type": "code", "scope": "read_only"}
        return f"{settings.connect_url}/oauth/authorize?{urlencode(asked)}"
    is_real = settings.connect_url == Settings.connect_url
    base = _MARKETPLACE if is_real else settings.connect_url
    return f"{base}/oauth/v2/authorize?{urlencode(asked)}"


def tokens_for_code(settings: Settings, app: OAuthApp, code: str) -> Tokens:
    """Exchanges the code that came back from Stripe's page.

    Raises:
        GrantVoid: it was used before, has expired, or is another app's.
        OAuthFailed: there was no usable answer.
    """
    return _exchanged(settings, app, {"grant_type": "authorization_code", "code": code})


def tokens_for_refresh(settings: Settings, app: OAuthApp, refresh_token: str) -> Tokens:
    """Exchanges a refresh token; an app's is void afterwards, also if the answer is lost.

    Raises:
        GrantVoid: it was used before, has expired, or consent was taken back.
        OAuthFailed: there was no usable answer.
    """
    asked = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return _exchanged(settings, app, asked)


def deauthorize(settings: Settings, app: OAuthApp, account_id: str) -> None:
    """Ends what an account has granted; does nothing if it has ended already.

    Stripe documents this for Connect alone: an app is taken away in the account's dashboard.

    Raises:
        OAuthFailed: there was no usable answer.
    """
    if app.kind != "connect":
        return
    asked = {"client_id": app.client_id, "stripe_user_id": account_id}
    try:
        _client(settings, app).raw_request("post", "/oauth/deauthorize", base="connect", **asked)
    except (stripe.AuthenticationError, stripe.oauth_error.OAuthError):
        return
    except stripe.StripeError as error:
        raise OAuthFailed(_said(error)) from None


def _exchanged(settings: Settings, app: OAuthApp, asked: Mapping[str, str]) -> Tokens:
    base = "connect" if app.kind == "connect" else "api"
    path = "/oauth/token" if app.kind == "connect" else "/v1/oauth/token"
    client = _client(settings, app)
    try:
        # The library's errors hold the answer; from None keeps it out of what is logged.
        answer = client.raw_request("post", path, base=base, **asked)
        said: Mapping[str, Any] = client.deserialize(answer, api_mode="V1").to_dict()
    except stripe.oauth_error.InvalidGrantError:
        raise GrantVoid(
            "Stripe takes this consent no more: it was used before, has expired or was withdrawn."
        ) from None
    except stripe.StripeError as error:
        raise OAuthFailed(_said(error)) from None
    try:
        return Tokens(
            access_token=str(said["access_token"]),
            refresh_token=said.get("refresh_token"),
            account_id=str(said["stripe_user_id"]),
            mode="live" if said["livemode"] else "test",
        )
    except KeyError as error:
        raise OAuthFailed(f"Stripe's answer lacks {error.args[0]}.") from None


def _client(settings: Settings, app: OAuthApp) -> stripe.StripeClient:
    return stripe.StripeClient(
        app.client_secret,
        base_addresses={"api": settings.api_url, "connect": settings.connect_url},
        # A second attempt with a token that counts once would void what the first one brought.
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=_SECONDS),
    )


def _said(error: stripe.StripeError) -> str:
    status = error.http_status
    if status is None:
        return "Stripe cannot be reached. Try again."
    return f"Stripe answered with status {status}. Look at the app's id and secret, or try again."
