"""What Stripe says -> what it means -> what to do: the table behind every error message.

A status alone does not tell a cause: a 400 may be a product that the account does not use, a wrong
account, or a defect of this connector. The first row of the table that fits decides. Stripe's
wordings are from public reports; where none is known, the message says that the cause is unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from source_stripe_saas.api.refusal import (
    GrantEnded,
    KeyRefused,
    NotFound,
    PermissionRefused,
    Refusal,
    StripeError,
    UnexpectedContent,
    Unreachable,
)
from source_stripe_saas.connection.permissions import box_to_tick

FailureKind = Literal["config_error", "transient_error", "system_error"]
"""Who can correct it: the user, time, or the maintainers; names of Airbyte's failure types."""

_CONFIG: FailureKind = "config_error"
_TRANSIENT: FailureKind = "transient_error"
_SYSTEM: FailureKind = "system_error"


@dataclass(frozen=True)
class Cause:
    """One row of the table."""

    kind: type[StripeError]
    means: str
    do: str
    """What to do; `{box}` is the permission to tick, `{attempts}` the retry budget."""
    failure_type: FailureKind
    says: str = ""
    """Regular expression that occurs in Stripe's message, or the network's; empty fits any."""
    codes: tuple[str, ...] = ()
    """Values of Stripe's `code`, one of which decides as well as `says`."""
    statuses: tuple[int, ...] = ()
    """HTTP statuses; empty fits any."""
    is_stripes: bool | None = None
    """False for replies that Stripe did not write; None fits any."""
    names_permission: bool | None = None
    """True if the message must name a permission of a restricted key; None fits any."""

    def fits(self, error: StripeError) -> bool:
        """True if this row is about the error."""
        if not isinstance(error, self.kind):
            return False
        if self.statuses and getattr(error, "status", None) not in self.statuses:
            return False
        if self.is_stripes is not None and getattr(error, "is_stripes", None) != self.is_stripes:
            return False
        permission = getattr(error, "permission", None)
        if self.names_permission is not None and (permission is not None) != self.names_permission:
            return False
        code = getattr(error, "code", None)
        if self.codes and code in self.codes:
            return True
        if self.says:
            return re.search(self.says, error.message, re.IGNORECASE) is not None
        return not self.codes


_GOES_ON = "Run the sync again: it goes on where it stopped."
_NOT_STRIPE = (
    "The reply is not Stripe's: a proxy or firewall refused the request, or `api_url` leads to "
    "another server."
)
_CHECK_PATH = "Check the network path to Stripe and the config field `api_url`."
_TICK = "Tick {box} for the key in the Stripe dashboard, or leave the stream out."

CAUSES = (
    # -- no reply ----------------------------------------------------------------------------------
    Cause(
        Unreachable,
        "A proxy or firewall answers in Stripe's place, with a certificate of its own.",
        "Name the file of its authority in the environment, as `REQUESTS_CA_BUNDLE`.",
        _CONFIG,
        says="certificate is not trusted",
    ),
    Cause(
        Unreachable,
        "The rate limit was exceeded in each of {attempts} attempts: other programs use up what "
        "Stripe allows the account.",
        f"Lower `call_rate_limit`, or sync at another time. {_GOES_ON}",
        _TRANSIENT,
        statuses=(429,),
    ),
    Cause(
        Unreachable,
        "Stripe, or a proxy in between, failed in each of {attempts} attempts.",
        f"Look at Stripe's status page. {_GOES_ON}",
        _TRANSIENT,
        statuses=(500, 502, 503, 504),
    ),
    Cause(
        Unreachable,
        _NOT_STRIPE,
        _CHECK_PATH,
        _CONFIG,
        statuses=(404,),
    ),
    Cause(
        Unreachable,
        "No usable reply came in {attempts} attempts.",
        _GOES_ON,
        _TRANSIENT,
    ),
    Cause(
        UnexpectedContent,
        "Stripe's API describes its replies differently, and running the sync again does not help.",
        "If an object is named, look at it in the Stripe dashboard. If nothing about it is "
        "unusual, report it; until it is solved, leave the stream out.",
        _SYSTEM,
    ),
    # -- replies that are not Stripe's -------------------------------------------------------------
    Cause(
        Refusal,
        _NOT_STRIPE,
        _CHECK_PATH,
        _CONFIG,
        is_stripes=False,
    ),
    # -- the connection by OAuth, or the key -------------------------------------------------------
    Cause(
        GrantEnded,
        "The connection to Stripe has ended: its refresh token was revoked, has expired or was "
        "used before.",
        "Connect to Stripe anew.",
        _CONFIG,
    ),
    Cause(
        KeyRefused,
        "The key has expired.",
        "Create a new key in the Stripe dashboard and put it into `client_secret`.",
        _CONFIG,
        codes=("api_key_expired",),
    ),
    Cause(
        KeyRefused,
        "The request reached Stripe without the key.",
        "Check whether a proxy in between removes the header `Authorization`.",
        _CONFIG,
        says="did not provide an API key",
    ),
    Cause(
        KeyRefused,
        "The key is wrong or was revoked.",
        "Copy a current key from the Stripe dashboard into `client_secret`.",
        _CONFIG,
    ),
    Cause(
        Refusal,
        "The key may be used from some IP addresses only.",
        "Add the address that this connector runs at to the key's list in the Stripe dashboard.",
        _CONFIG,
        says=r"\bIP address",
        statuses=(400, 403),
    ),
    # -- the account -------------------------------------------------------------------------------
    Cause(
        Refusal,
        "An organization key does not say which account is meant.",
        "Put the account's id (acct_...) into `account_id`.",
        _CONFIG,
        says="Stripe-Context",
        statuses=(400, 403),
    ),
    Cause(
        PermissionRefused,
        "Stripe does not let a platform read this of an account that it does not control.",
        "Read the stream with a key of that account, or leave it out.",
        _CONFIG,
        says="platform controls",
    ),
    Cause(
        PermissionRefused,
        "The key belongs to an account that is not a platform, or not the platform of the account.",
        "Use a key of the account itself and leave `account_id` empty, or a key of its platform.",
        _CONFIG,
        says="only stripe connect platforms|does not have access to account",
    ),
    Cause(
        PermissionRefused,
        "The restricted key has no permission to read connected accounts.",
        "Allow connected accounts for the key in the Stripe dashboard, or use a key of the account "
        "itself.",
        _CONFIG,
        says="any connect permissions",
    ),
    # -- permissions -------------------------------------------------------------------------------
    Cause(
        PermissionRefused,
        "The API key has no permission to read it.",
        _TICK,
        _CONFIG,
        names_permission=True,
    ),
    Cause(
        PermissionRefused,
        "The API key has no permission to read it.",
        _TICK,
        _CONFIG,
        says="required permissions",
        codes=("more_permissions_required",),
    ),
    Cause(
        PermissionRefused,
        "Stripe names no permission of the key that would allow it.",
        "If the message does not say what to change, ask Stripe's support with the request id; "
        "until then leave the stream out.",
        _CONFIG,
    ),
    # -- objects and addresses ---------------------------------------------------------------------
    Cause(
        NotFound,
        "The event became older than Stripe keeps events while the list of events was read.",
        _GOES_ON,
        _TRANSIENT,
        says="no such event",
    ),
    Cause(
        NotFound,
        "An object that the list belongs to was deleted while it was read, or belongs to another "
        "account or mode.",
        "Run the sync again. Report it with the request id if the same object is named again.",
        _SYSTEM,
        says="no such (?!event)",
        codes=("resource_missing",),
    ),
    Cause(
        NotFound,
        "The account does not have this part of Stripe, or it was switched off.",
        "Leave the stream out of the sync.",
        _CONFIG,
    ),
    # -- everything else ---------------------------------------------------------------------------
    Cause(
        Refusal,
        "The account does not use this product of Stripe's, or is not allowed to.",
        "Leave the stream out, or activate the product in the Stripe dashboard.",
        _CONFIG,
        says=(
            r"not (been )?(enabled|activated|set up|eligible|onboarded)|sign up for|"
            r"(enable|activate) .* in (the|your) dashboard|not available (for|in|to)"
        ),
        statuses=(400,),
    ),
    Cause(
        Refusal,
        "The connector asked for something that this version of Stripe's API does not take. This "
        "is a defect of the connector.",
        "Report it with the request id; until it is solved, leave the stream out.",
        _SYSTEM,
        says=r"unknown parameter|invalid .*version|cannot expand|cannot be expanded",
        codes=("parameter_unknown", "parameter_invalid_empty", "parameter_missing"),
        statuses=(400,),
    ),
    Cause(
        Refusal,
        "The connector does not know this refusal.",
        "If the message does not say what to change, report it with the request id. The other "
        "streams are not affected.",
        _SYSTEM,
    ),
)


@dataclass(frozen=True)
class Advice:
    """What a failure means for one stream, and what to do."""

    means: str
    do: str
    failure_type: FailureKind
    box: str | None
    """The permission to tick, where that is what to do."""


def advice_for(error: StripeError, permission: str) -> Advice:
    """The row of the table that fits, filled in.

    Args:
        error: a failure of a request for the stream's objects.
        permission: that the stream needs, as far as is known; the one in Stripe's message counts.
    """
    cause = next(row for row in CAUSES if row.fits(error))
    box = box_to_tick(getattr(error, "permission", None) or permission)
    return Advice(
        cause.means.format(attempts=getattr(error, "attempts", 1)),
        cause.do.format(box=box),
        cause.failure_type,
        box if cause.do is _TICK else None,
    )
