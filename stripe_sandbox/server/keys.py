"""API keys in; what each may read out, or Stripe's refusal."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

from stripe_sandbox.refusals import Refusal

_FORM = re.compile(r"^(sk|rk)_(test|live)_[A-Za-z0-9_]{3,}$")
_FORM_OF_ORGANIZATION = re.compile(r"^sk_org_[A-Za-z0-9_]{3,}$")


@dataclass(frozen=True)
class Key:
    """One API key."""

    value: str
    permissions: frozenset[str] | None = None
    """Without the prefix `rak_`; None: all of them."""
    denied: frozenset[str] = frozenset()
    is_expired: bool = False
    is_revoked: bool = False
    account_id: str | None = None
    """The connected account that it opens, as an access token of OAuth; None: the own account."""

    @property
    def is_restricted(self) -> bool:
        """Whether it is a restricted key."""
        return self.value.startswith("rk_")

    @property
    def is_of_organization(self) -> bool:
        """Whether it belongs to an organization, and so to no account of its own."""
        return self.value.startswith("sk_org_")

    @property
    def masked(self) -> str:
        """The key as Stripe prints it: its beginning and its last four characters."""
        return f"{self.value[:8]}{'*' * max(4, len(self.value) - 12)}{self.value[-4:]}"

    def may(self, permission: str) -> bool:
        """Whether the key carries a permission."""
        if permission in self.denied:
            return False
        return self.permissions is None or permission in self.permissions


@dataclass
class KeyRing:
    """The account's keys: those described, and any well-formed one of the account's mode."""

    livemode: bool = False
    described: dict[str, Key] = field(default_factory=dict)

    def add(self, key: Key) -> None:
        """Describes a key, or describes it anew."""
        self.described[key.value] = key

    def of_header(self, authorization: str | None) -> Key:
        """The key that an Authorization header carries.

        Raises:
            Refusal: there is none, or it does not open this account.
        """
        value = _value_of(authorization)
        if not value:
            raise Refusal(
                401,
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
                "YOUR_SECRET_KEY').",
                headers={"WWW-Authenticate": 'Bearer realm="Stripe"'},
            )
        if value.startswith("pk_"):
            raise Refusal(
                403,
                "This API call cannot be made with a publishable API key. Please use a secret "
                "API key.",
                "secret_key_required",
            )
        key = self.described.get(value)
        if key is None:
            if _FORM_OF_ORGANIZATION.match(value):
                return Key(value)
            matched = _FORM.match(value)
            if matched is None or (matched[2] == "live") != self.livemode:
                raise _invalid(Key(value))
            return Key(value)
        if key.is_revoked:
            raise _invalid(key)
        if key.is_expired:
            raise Refusal(401, f"Expired API Key provided: {key.masked}", "api_key_expired")
        return key


def parse_permissions(text: str) -> frozenset[str]:
    """Comma-separated permission names, with or without `rak_`."""
    return frozenset(name.strip().removeprefix("rak_") for name in text.split(",") if name.strip())


def lacks_permission(key: Key, account: str, permission: str) -> Refusal:
    """403: a restricted key lacks a permission."""
    return Refusal(
        403,
        f"The provided key '{key.masked}' does not have the required permissions for this "
        f"endpoint on account '{account}'. Having the 'rak_{permission}' permission would allow "
        "this request to continue.",
        "more_permissions_required",
    )


def _invalid(key: Key) -> Refusal:
    return Refusal(
        401,
        f"Invalid API Key provided: {key.masked}",
        headers={"WWW-Authenticate": 'Bearer realm="Stripe"'},
    )


def _value_of(authorization: str | None) -> str:
    scheme, _, rest = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""
