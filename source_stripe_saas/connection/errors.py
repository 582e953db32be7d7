"""A failure -> what to tell the person who can mend it.

Every text has four parts: which stream, what Stripe said, what it means, what to do. Route, status
and request id go into the internal text.
"""

from __future__ import annotations

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_stripe_saas.api.refusal import (
    EventsForgotten,
    KeyRefused,
    NotFound,
    PermissionRefused,
    Refusal,
    StripeError,
    Unreachable,
)
from source_stripe_saas.config.settings import ConfigError
from source_stripe_saas.connection.permissions import box_to_tick
from source_stripe_saas.ledger.codec import Unreadable
from source_stripe_saas.streams.plan import StreamPlan


def key_problem(refused: KeyRefused) -> str:
    """What is wrong with a key that Stripe refused."""
    if refused.is_expired:
        return (
            "The API key has expired. Create a new one in the Stripe dashboard and put it into "
            "`client_secret`."
        )
    return (
        f"Stripe refused the API key ({refused.message}). It is wrong or was revoked: copy a "
        "current key from the Stripe dashboard into `client_secret`."
    )


def _advice(plan: StreamPlan, error: StripeError) -> tuple[str, str, FailureType]:
    """(what it means, what to do, who can mend it)."""
    if isinstance(error, KeyRefused):
        meaning = "The key has expired." if error.is_expired else "The key is not valid any more."
        return meaning, "Put a current key into `client_secret`.", FailureType.config_error
    if isinstance(error, PermissionRefused):
        permission = box_to_tick(error.permission or plan.permission)
        return (
            "The API key has no right to read it.",
            f"Tick {permission} for the key in the Stripe dashboard, or leave the stream out.",
            FailureType.config_error,
        )
    if isinstance(error, Unreachable):
        return (
            f"No usable answer came in {error.attempts} attempts.",
            "Run the sync again: it goes on where it stopped.",
            FailureType.transient_error,
        )
    if isinstance(error, NotFound):
        return (
            "The account does not have this part of Stripe, or it was switched off.",
            "Leave the stream out of the sync.",
            FailureType.config_error,
        )
    return (
        "Stripe does not answer this list for this account.",
        "Leave the stream out if the account does not use the product; else report the request id.",
        FailureType.config_error,
    )


def explain(plan: StreamPlan, error: Exception) -> AirbyteTracedException:
    """A stream's failure as the one trace that tells of it."""
    if isinstance(error, AirbyteTracedException):
        return error
    if isinstance(error, Unreadable):
        return AirbyteTracedException(
            message=f"Stream `{plan.name}` cannot work out {error}. Stripe's API describes such "
            "objects otherwise. Look at it in the Stripe dashboard; if nothing is odd there, "
            "report it. The other streams go on; until then leave this one out.",
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
        return _forgotten(plan, error)
    meaning, advice, failure_type = _advice(plan, error)
    request = getattr(error, "request_id", None)
    said = error.message.rstrip(".")
    return AirbyteTracedException(
        message=f"Stream `{plan.name}` was not read to the end. Stripe said: {said}"
        + (f" (request {request})" if request else "")
        + f". {meaning} {advice}",
        internal_message=str(error),
        failure_type=failure_type,
    )


def _forgotten(plan: StreamPlan, error: EventsForgotten) -> AirbyteTracedException:
    lacks = f"Stream `{plan.name}` lacks something: {error.message}."
    advice = "Run the sync again: the stream is then read anew."
    if error.goes_on:
        advice = "Nothing can bring them back. Everything since is read, and the next sync goes on."
    return AirbyteTracedException(
        message=f"{lacks} {advice}",
        internal_message=str(error),
        failure_type=FailureType.transient_error,
    )


def refused_at_start(error: StripeError) -> AirbyteTracedException:
    """The first request of a sync failed: nothing can be read at all."""
    if isinstance(error, KeyRefused):
        text, failure_type = key_problem(error), FailureType.config_error
    elif isinstance(error, Unreachable):
        text, failure_type = unreachable_problem(error), FailureType.transient_error
    else:
        text, failure_type = f"Stripe refused the first request: {error.message}", None
    return AirbyteTracedException(
        message=text,
        internal_message=str(error),
        failure_type=failure_type or FailureType.config_error,
    )


def unreachable_problem(error: Unreachable) -> str:
    """What to say when Stripe cannot be reached at all."""
    return (
        f"Stripe could not be reached: {error.message}, {error.attempts} attempts. Check the "
        "network, a proxy or firewall on the way, and Stripe's status page; then try again."
    )


def config_problem(error: ConfigError) -> AirbyteTracedException:
    """A setting that cannot be used."""
    return AirbyteTracedException(
        message=str(error), internal_message=str(error), failure_type=FailureType.config_error
    )


def refused_account(account_id: str, refused: Refusal) -> AirbyteTracedException:
    """The key works, but not for the account that the config names."""
    return AirbyteTracedException(
        message=f"Config field `account_id` names {account_id}, which this key cannot reach. "
        f"Stripe said: {refused.message}. Use a key of that account, or of the platform that it is "
        "connected to, or leave the field empty to read the key's own account.",
        internal_message=str(refused),
        failure_type=FailureType.config_error,
    )
