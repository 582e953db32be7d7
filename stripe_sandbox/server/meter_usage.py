"""Who used a meter when -> the summaries that Stripe works out of it, day by day.

A stand-in for meter events: how much a customer uses on a day is a number made of their ids, and
some of it is reported days later, as Stripe allows. It is not what the simulated company bills.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from stripe_sandbox.refusals import bad_request, missing_object
from stripe_sandbox.server.pages import Cursor
from stripe_sandbox.server.query import Parameters
from stripe_sandbox.store import Store, StripeObject

_DAY_SECONDS = 86_400
_LATE_DAYS = 9
"""Every third day's usage is half reported at once, and whole this long after."""


def summaries(store: Store, meter: str, parameters: Parameters) -> list[StripeObject]:
    """A customer's usage of a meter, newest day first; a day without usage has no summary.

    Args:
        store: knows the meter, the customer and the time.
        meter: its id.
        parameters: of the request.

    Raises:
        Refusal: there is no such meter or customer, or the times are not those of whole UTC days,
            which is all that the stand-in sums up.
    """
    found = store.get("billing.meter", meter)
    if found is None:
        raise missing_object("billing.meter", meter)
    customer = parameters["customer"]
    if store.get("customer", customer) is None:
        raise missing_object("customer", customer, param="customer", status=400)
    start, end = parameters["start_time"], parameters["end_time"]
    if parameters.get("value_grouping_window") != "day":
        raise bad_request("Only days are summed up here.", param="value_grouping_window")
    for name in ("start_time", "end_time"):
        if parameters[name] % _DAY_SECONDS:
            raise bad_request(f"`{name}` must align with UTC day boundaries.", param=name)
    if start >= end:
        raise bad_request("`start_time` must be before `end_time`.", param="start_time")
    first = found["created"] // _DAY_SECONDS * _DAY_SECONDS
    days = range(max(start, first), min(end, store.now + 1), _DAY_SECONDS)
    return list(_of_days(meter, customer, days, store.now))[::-1]


def page(every: list[StripeObject], cursor: Cursor) -> tuple[list[StripeObject], bool]:
    """One page of summaries, and whether more follow.

    Raises:
        Refusal: the cursor's summary is not among them.
    """
    identity = cursor.starting_after or cursor.ending_before
    ids = [one["id"] for one in every]
    if identity is not None and identity not in ids:
        raise missing_object("billing.meter_event_summary", identity, status=400)
    if cursor.ending_before:
        before = every[: ids.index(cursor.ending_before)]
        return before[-cursor.limit :], len(before) > cursor.limit
    rest = every[ids.index(identity) + 1 :] if identity else every
    return rest[: cursor.limit], len(rest) > cursor.limit


def _of_days(meter: str, customer: str, days: range, now: int) -> Iterator[StripeObject]:
    for day in days:
        used = _number(meter, customer, day) % 400
        if _number(meter, customer) % 3 == 0 or used < 100:
            continue
        if used % 3 == 0 and now < day + _LATE_DAYS * _DAY_SECONDS:
            used //= 2
        yield {
            "id": f"mtrusg_{_number(meter, customer, day, 'id'):016x}",
            "object": "billing.meter_event_summary",
            "aggregated_value": used,
            "end_time": day + _DAY_SECONDS,
            "livemode": False,
            "meter": meter,
            "start_time": day,
        }


def _number(*parts: object) -> int:
    text = "|".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
