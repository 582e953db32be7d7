"""The objects that a stream lacks, while it has all others -> the one trace that names them."""

from __future__ import annotations

from collections.abc import Sequence

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.skipped import MOST_NAMED, SkipLog, SkippedObject

_LONGEST_REASON = 200


def explain_skipped(plan: StreamPlan, log: SkipLog) -> AirbyteTracedException:
    """Names up to ten of the objects with the reason for each, counts the rest, says what follows.

    Failure types: `system_error` where content cannot be read, since neither a setting nor another
    attempt helps; else `transient_error` if no answer came for any of them, else `config_error`.
    """
    refused, odd = log.count(is_refused=True), log.count(is_refused=False)
    earlier = [key.id for key in log.keys if key.id not in log.ids]
    parts = [f"Stream `{plan.name}` is not complete."]
    if refused:
        parts.append(f"Stripe did not show {_objects(refused)}: {_named(log.refused, refused)}.")
    if odd:
        be = "is" if odd == 1 else "are"
        parts.append(
            f"{_objects(odd).capitalize()} {be} not as Stripe's API describes them: "
            f"{_named(log.odd, odd)}."
        )
    if earlier:
        known = ", ".join(earlier[:MOST_NAMED])
        parts.append(f"Skipped by an earlier sync: {known}{_and_more(len(earlier) - MOST_NAMED)}.")
    if log.more:
        parts.append(f"{_objects(log.more).capitalize()} beyond these were skipped.")
    parts.append("All others were read, and their progress is kept.")
    if log.keys:
        parts.append("The next sync asks for what was not shown again.")
    if log.more:
        parts.append(
            "The next sync reads everything again."
            if plan.derived
            else "What is beyond them only a full refresh asks for."
        )
    if odd:
        parts.append("Look at what is odd in the Stripe dashboard; if nothing is there, report it.")
    return AirbyteTracedException(
        message=" ".join(parts),
        internal_message="; ".join(_internal(one) for one in (*log.refused, *log.odd)),
        failure_type=_failure_type(log),
    )


def _failure_type(log: SkipLog) -> FailureType:
    if log.odd:
        return FailureType.system_error
    if log.refused and all(one.is_transient for one in log.refused):
        return FailureType.transient_error
    return FailureType.config_error


def _objects(count: int) -> str:
    return "one object" if count == 1 else f"{count} objects"


def _named(named: Sequence[SkippedObject], count: int) -> str:
    told = "; ".join(f"{one.id} ({_short(one.reason)})" for one in named)
    return told + _and_more(count - len(named))


def _short(reason: str) -> str:
    text = reason.rstrip(".")
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]} …"


def _and_more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""


def _internal(one: SkippedObject) -> str:
    request = f", request {one.request_id}" if one.request_id else ""
    return f"{one.id}{request}: {one.reason}"
