"""Chosen streams -> a link that opens Stripe's form for a restricted key, filled in for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from source_stripe_saas.connection.permissions import ALSO_NAMED, LABELS, PREFIX
from source_stripe_saas.streams.plan import StreamPlan

FORM = "https://dashboard.stripe.com/apikeys/create"

KEY_NAME = "source-stripe-saas"
"""How the key is named in the dashboard, if nobody names it otherwise."""

_EVENTS = "event_read"


def permissions_of(plans: Mapping[str, StreamPlan], names: Iterable[str]) -> list[str]:
    """The permissions that a restricted key needs to read streams, without `rak_`.

    Beside a stream's own permission these are the ones of the streams that its records are taken
    or worked out of, and of the change feed. Where Stripe's refusals have named another permission
    than its documentation, both are there.

    Args:
        plans: all streams, by name.
        names: the chosen ones.

    Raises:
        KeyError: a name is none of a stream.
    """
    needed: set[str] = set()
    pending, seen = list(names), set()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        plan = plans[name]
        if plan.carriers:
            pending += [carrier.carrier for carrier in plan.carriers]
        else:
            needed.update((plan.permission, *ALSO_NAMED.get(name, ())))
        if plan.parent is not None:
            pending.append(plan.parent.name)
        if plan.fallback is not None:
            pending.append(plan.fallback[0])
        pending += plan.derived_from
        if plan.feed_types:
            needed.add(_EVENTS)
    return [permission for permission in LABELS if permission in needed]


def key_link(permissions: Iterable[str], key_name: str = KEY_NAME) -> str:
    """The address of Stripe's form with these permissions ticked; works for live and test mode.

    The form opens in the mode that the dashboard was last in.

    Args:
        permissions: without `rak_`.
        key_name: how the key is to be named.
    """
    ticked = "".join(f"&permissions[]={PREFIX}{name}" for name in permissions)
    return f"{FORM}?name={quote(key_name)}{ticked}"
