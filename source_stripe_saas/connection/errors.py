"""A failure -> the error message for the person who can correct it.

Every message has four parts: which stream, what Stripe said, what it means, what to do. The last
two are in the table of `causes.py`. Path, status and request id go into the internal message.
"""

from __future__ import annotations

from collections.abc import Mapping

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_stripe_saas.api.refusal import (
    EventsForgotten,
    GrantEnded,
    KeyRefused,
    Refusal,
    StripeError,
    UnexpectedContent,
    Unreachable,
)
from source_stripe_saas.config.settings import ConfigError
from source_stripe_saas.connection.causes import Advice, advice_for
from source_stripe_saas.ledger.codec import Unreadable
from source_stripe_saas.streams.plan import StreamPlan


def explain(plan: StreamPlan, error: Exception) -> AirbyteTracedException:
    """The failure of one stream."""
    if isinstance(error, AirbyteTracedException):
        return error
    if isinstance(error, Unreadable):
        return AirbyteTracedException(
            message=f"Stream `{plan.name}` cannot work out {error}. Stripe's API describes such "
            "objects differently. Look at it in the Stripe dashboard; if nothing about it is "
            "unusual, report it. The other streams go on; until it is solved, leave this one out.",
            internal_message=str(error),
            failure_type=FailureType.system_error,
        )
    if not isinstance(error, StripeError):
        return AirbyteTracedException.from_exception(
            error,
            message=f"Stream `{plan.name}` stopped on an unexpected {type(error).__name__}. This "
            "is a defect of the connector: report it with the log.",
        )
    if isinstance(error, EventsForgotten):
        return _events_lost(plan, error)
    return _trace(
        f"Stream `{plan.name}` was not read to the end", error, advice_for(error, plan.permission)
    )


def _trace(beginning: str, error: StripeError, advice: Advice) -> AirbyteTracedException:
    return AirbyteTracedException(
        message=f"{beginning}{_said(error)}. {advice.means} {advice.do}",
        internal_message=str(error),
        failure_type=FailureType(advice.failure_type),
    )


def _said(error: StripeError) -> str:
    """What Stripe, the network or this connector said, as the rest of a sentence."""
    message = error.message.rstrip(".")
    if isinstance(error, UnexpectedContent):
        return f": {message}"
    request_id = getattr(error, "request_id", None)
    request = f" (request {request_id})" if request_id else ""
    if isinstance(error, Unreachable):
        return f". The last attempt failed: {message}{request}"
    who = "Stripe" if getattr(error, "is_stripes", True) else "The server"
    return f". {who} said: {message}{request}"


def _events_lost(plan: StreamPlan, error: EventsForgotten) -> AirbyteTracedException:
    advice = "Run the sync again: the stream is then read anew."
    if error.goes_on:
        advice = "Nothing can bring them back. Everything since is read, and the next sync goes on."
    return AirbyteTracedException(
        message=f"Stream `{plan.name}` is not complete: {error.message}. {advice}",
        internal_message=str(error),
        failure_type=FailureType.transient_error,
    )


def refused_at_start(error: StripeError) -> AirbyteTracedException:
    """The first request failed: nothing can be read at all."""
    beginning = "Stripe refused the first request"
    if isinstance(error, KeyRefused):
        beginning = "Stripe refused the API key"
    if isinstance(error, GrantEnded):
        beginning = "Stripe refused to renew the access token"
    if isinstance(error, Unreachable):
        beginning = "Stripe could not be reached"
    return _trace(beginning, error, advice_for(error, _OF_FIRST_REQUEST))


_OF_FIRST_REQUEST = "connected_account_read"
"""The permission for `/v1/account`."""


def unknown_stream(name: str) -> AirbyteTracedException:
    """A stream of the catalog that this connector does not have."""
    text = (
        f"Stream `{name}` does not exist in this connector, as may happen when a connection is "
        "moved over from another one. Deselect it, or refresh the schema of the connection. The "
        "other streams are read."
    )
    return AirbyteTracedException(
        message=text, internal_message=text, failure_type=FailureType.config_error
    )


def config_problem(error: ConfigError) -> AirbyteTracedException:
    """A setting that cannot be used."""
    return AirbyteTracedException(
        message=str(error), internal_message=str(error), failure_type=FailureType.config_error
    )


def refused_account(account_id: str, refused: Refusal) -> AirbyteTracedException:
    """The key is valid, but not for the account that the config names."""
    return AirbyteTracedException(
        message=f"Config field `account_id` names {account_id}, which this key cannot reach. "
        f"Stripe said: {refused.message}. Use a key of that account, or of the platform that it is "
        "connected to, or leave the field empty to read the key's own account.",
        internal_message=str(refused),
        failure_type=FailureType.config_error,
    )


def lost_account(refused: Refusal) -> AirbyteTracedException:
    """One of several accounts cannot be reached; who reads it names it."""
    return AirbyteTracedException(
        message=f"It cannot be reached with this key. Stripe said: {refused.message} If it has "
        "revoked the platform's access, it has to be connected again, or left out of `accounts`.",
        internal_message=str(refused),
        failure_type=FailureType.config_error,
    )


def accounts_not_read(
    name: str, reasons: Mapping[str, str], total: int, failure_type: FailureType
) -> AirbyteTracedException:
    """A stream that some of several accounts lack.

    Args:
        name: of the stream.
        reasons: account -> why it was not read to its end.
        total: accounts that were to be read.
        failure_type: who can correct it.
    """
    shown = [f"{account}: {reason}" for account, reason in list(reasons.items())[:_MOST_SHOWN]]
    if len(reasons) > _MOST_SHOWN:
        shown.append(f"and {len(reasons) - _MOST_SHOWN} more: {', '.join(reasons)}.")
    text = (
        f"Stream `{name}` was not read to its end in {len(reasons)} of {total} accounts. "
        + " ".join(shown)
    )
    return AirbyteTracedException(message=text, internal_message=text, failure_type=failure_type)


_MOST_SHOWN = 3
"""Accounts whose reasons are given; the others are only named."""
