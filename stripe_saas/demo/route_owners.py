"""The streams' plans and the sandbox's count of requests by route -> requests by stream.

Streams that come inside another's lists, or share its route, cannot be distinguished by
route: their requests count with the stream that the route belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from source_stripe_saas.streams.plan import StreamPlan

_PARAMETER = re.compile(r"\{[^}]*\}")


def owners(plans: Mapping[str, StreamPlan]) -> dict[str, str]:
    """Route, its parameters blanked -> the stream that it belongs to."""
    found: dict[str, str] = {}
    # Parents first: a child's own route is what its parent has no use for.
    for plan in sorted(plans.values(), key=lambda plan: plan.parent is not None):
        for route in _routes(plan):
            found.setdefault(route, plan.name)
    return found


def requests_by_stream(
    plans: Mapping[str, StreamPlan], requests_by_route: Mapping[str, int]
) -> dict[str, int]:
    """Stream -> requests to its routes; under an empty name those that belong to no stream."""
    owner_of = owners(plans)
    counted: dict[str, int] = {}
    for route, requests in requests_by_route.items():
        name = owner_of.get(_blanked(route), "")
        counted[name] = counted.get(name, 0) + requests
    return counted


def shares_requests(plan: StreamPlan, plans: Mapping[str, StreamPlan]) -> bool:
    """True if the stream's requests count, all or in part, with another stream."""
    if plan.embedded is not None or not plan.is_listed:
        return True
    return plan.call is not None and owners(plans)[_call_route(plan.call)] != plan.name


def _routes(plan: StreamPlan) -> Iterator[str]:
    if plan.call is not None:
        yield _call_route(plan.call)
        return
    if plan.parent is not None:
        # The rest of a cut list lies below its parent, or under the stream's own name.
        yield f"/v1/{plan.parent.path}/{{}}/{plan.embedded}"
        yield f"/v1/{plan.name}"
    yield f"/v1/{plan.path}"
    yield _blanked(f"/v1/{plan.get_path}")


def _call_route(call: str) -> str:
    return _blanked(f"/v1/{call.partition('?')[0]}")


def _blanked(route: str) -> str:
    return _PARAMETER.sub("{}", route)
