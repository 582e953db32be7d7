"""The one table of who may what. A route that is not in it lets nobody in, and none is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Role(str, Enum):
    """What a person is in the team."""

    OWNER = "owner"
    ANALYST = "analyst"
    VIEWER = "viewer"


class Scope(str, Enum):
    """What a token lets an application do."""

    METRICS = "metrics:read"
    PEOPLE = "people:read"
    SYNC = "sync"
    MANAGE = "manage"


@dataclass(frozen=True)
class Rule:
    """Who may use a route: people by their role, applications by one of their scopes."""

    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    is_open: bool = False
    """Open to everybody: the route itself proves who comes, or there is nothing to guard."""


EVERY_ROLE = frozenset(Role)
_EDITORS = frozenset({Role.OWNER, Role.ANALYST})

OPEN = Rule(is_open=True)
TEAM = Rule(roles=EVERY_ROLE)
OWNERS = Rule(roles=frozenset({Role.OWNER}))


def _may(roles: frozenset[Role], *scopes: Scope) -> Rule:
    return Rule(roles=roles, scopes=frozenset(scopes))


POLICY: Mapping[str, Rule] = {
    # Nothing to guard, or guarded by what the request itself holds.
    "GET /health": OPEN,
    "GET /assets/{name}": OPEN,
    "GET /login": OPEN,
    "POST /login": OPEN,
    "GET /invitation/{token}": OPEN,
    "POST /invitation/{token}": OPEN,
    "POST /hooks/stripe/{connection}": OPEN,
    # Pages.
    "GET /connect/stripe/callback": OWNERS,
    "GET /": TEAM,
    "POST /logout": TEAM,
    # For applications.
    "GET /api/integrations/stripe/start": OWNERS,
    "POST /api/integrations/stripe/key": OWNERS,
    "POST /api/integrations/stripe/webhook-secret": OWNERS,
    "POST /api/integrations/stripe/disconnect": _may(frozenset({Role.OWNER}), Scope.MANAGE),
    "GET /api/integrations/stripe/status": _may(EVERY_ROLE, *Scope),
    "POST /api/integrations/stripe/sync": _may(_EDITORS, Scope.SYNC, Scope.MANAGE),
    "POST /api/integrations/stripe/pause": _may(frozenset({Role.OWNER}), Scope.MANAGE),
    "POST /api/integrations/stripe/resume": _may(frozenset({Role.OWNER}), Scope.MANAGE),
    "GET /api/integrations/stripe/schedule": _may(EVERY_ROLE, *Scope),
    "PUT /api/integrations/stripe/schedule": _may(frozenset({Role.OWNER}), Scope.MANAGE),
    "POST /api/integrations/stripe/delete-data": OWNERS,
    "GET /api/integrations/stripe/progress": _may(EVERY_ROLE, *Scope),
    "GET /api/customers": _may(EVERY_ROLE, Scope.PEOPLE),
    "GET /api/customers/{customer}": _may(EVERY_ROLE, Scope.PEOPLE),
    "GET /api/subscription-events": _may(EVERY_ROLE, Scope.METRICS),
    "GET /api/mrr": _may(EVERY_ROLE, Scope.METRICS),
    "GET /api/definitions": _may(EVERY_ROLE, Scope.METRICS, Scope.PEOPLE),
    "GET /api/openapi.json": _may(EVERY_ROLE, *Scope),
    "GET /api/docs": _may(EVERY_ROLE, *Scope),
}
"""`METHOD /path`, as the route is declared -> who may."""


def allows(rule: Rule, role: Role | None, scopes: frozenset[Scope]) -> bool:
    """Whether a rule lets somebody in.

    Args:
        rule: of the route.
        role: of a person; None for strangers and tokens.
        scopes: of a token; empty for strangers and people.
    """
    return rule.is_open or role in rule.roles or not scopes.isdisjoint(rule.scopes)
