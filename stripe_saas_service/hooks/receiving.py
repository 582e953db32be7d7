"""POST /hooks/stripe/{connection}: what Stripe delivers is verified, stored and acknowledged.

Nothing else happens before the answer: whatever a delivery wakes, and the counting of those that
are refused, comes after it.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import IntegrityError
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response

from stripe_saas_service.connect.revocation import look
from stripe_saas_service.connect.webhook import WEBHOOK_SECRET
from stripe_saas_service.hashing import new_token
from stripe_saas_service.hooks.event import DeliveredEvent, NoEvent, is_foreign, parsed
from stripe_saas_service.hooks.signature import Refused, refusal_of
from stripe_saas_service.problems import Problem, answer
from stripe_saas_service.service import Service, ServiceOf
from stripe_saas_service.store.deliveries import count_refused
from stripe_saas_service.store.tables import Connection

router = APIRouter(prefix="/hooks", include_in_schema=False)


KNOWN_SECONDS = 1.0
"""So long a change of a connection, such as a rolled secret, may take to count."""
_MOST_KNOWN = 500

DEAUTHORIZED = "account.application.deauthorized"

_ID = re.compile(r"con_[0-9a-f]{32}")

_OF_NOBODY = "whsec_of_no_connection"

_ADVICE = {
    Refused.UNSIGNED: "It has no signature. Only Stripe sends here.",
    Refused.WRONG: "The signature fits none of the connection's webhook secrets.",
    Refused.TOO_OLD: "It was signed too long ago. Is this machine's clock right?",
    Refused.AHEAD: "It was signed in the future. Is this machine's clock right?",
    Refused.UNREADABLE: "It is signed, but is no event.",
}


@dataclass(frozen=True)
class _Target:
    """A connection, as far as deliveries are concerned."""

    secrets: list[str]
    mode: str
    accounts: frozenset[str] | None
    is_connected: bool


@router.post("/stripe/{connection}")
async def receive(connection: str, request: Request, service: ServiceOf) -> Response:
    """Takes a delivery: 200 when it is stored or was already, 400 if it is not Stripe's."""
    body = await request.body()
    target = await _TARGETS.of(service, connection)
    header = request.headers.get("stripe-signature")
    refused = refusal_of(header, body, target.secrets if target else [_OF_NOBODY], int(time.time()))
    if target is None:
        return answer(request, _unknown())
    if refused is None:
        try:
            event = parsed(body)
        except NoEvent:
            refused = Refused.UNREADABLE
    if refused is not None:
        response = answer(request, Problem(400, "The delivery was refused", _ADVICE[refused]))
        response.background = BackgroundTask(
            count_refused, service.store, connection, refused.value
        )
        return response
    foreign = is_foreign(event, mode=target.mode, accounts=target.accounts)
    try:
        is_new = await asyncio.wrap_future(
            service.deliveries.put(_values(connection, event, foreign=foreign))
        )
    except IntegrityError:
        return answer(request, _unknown())
    response = JSONResponse({"received": True})
    if is_new and target.is_connected and not foreign:
        response.background = BackgroundTask(_wake, service, connection, event.type)
    return response


class _Targets:
    """What is known of connections, asked anew each second: a busy one gets hundreds in it.

    One that does not exist is known in the same way, so that nothing tells them apart.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, str], tuple[float, _Target | None]] = OrderedDict()

    async def of(self, service: Service, connection_id: str) -> _Target | None:
        key, now = (id(service), connection_id), time.monotonic()
        known = self._known.get(key)
        if known is not None and now - known[0] < KNOWN_SECONDS:
            return known[1]
        target = await run_in_threadpool(_target, service, connection_id)
        self._known[key] = now, target
        self._known.move_to_end(key)
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return target


_TARGETS = _Targets()


def _wake(service: Service, connection_id: str, event_type: str) -> None:
    """What follows from a new delivery, after it was acknowledged."""
    if event_type == DEAUTHORIZED:
        look(service, connection_id, by="delivery")
    else:
        service.jobs.wake(connection_id)


def _target(service: Service, connection_id: str) -> _Target | None:
    """What is known of a connection, by as much work as for one that is not there."""
    if not _ID.fullmatch(connection_id):
        connection_id = "con_"  # nobody's, and nothing that a database refuses to take
    with service.store.reading() as session:
        row = session.get(Connection, connection_id)
        secrets = service.vault.values(session, connection_id, WEBHOOK_SECRET)
    if not secrets:
        service.vault.rehearse()
    if row is None or row.status == "removed":
        return None
    # No signature fits a secret that nobody knows.
    known = secrets or [new_token()]
    return _Target(known, row.mode, accounts_of(row), row.status == "connected")


def accounts_of(connection: Connection) -> frozenset[str] | None:
    """The accounts whose objects a connection reads; None if any may be meant."""
    chosen = connection.options.get("accounts")
    if isinstance(chosen, list):
        return frozenset(map(str, chosen))
    if chosen or connection.account_id is None:
        return None
    return frozenset({connection.account_id})


def _values(connection_id: str, event: DeliveredEvent, *, foreign: bool) -> dict[str, object]:
    values = asdict(event)
    values["event_id"] = values.pop("id")
    status = "foreign" if foreign else "waiting"
    return {**values, "connection_id": connection_id, "status": status}


def _unknown() -> Problem:
    return Problem(404, "No such connection", "Copy the address of the webhook from the settings.")
