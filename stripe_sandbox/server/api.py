"""An HTTP request under /v1 in; the reply Stripe would send out."""

from __future__ import annotations

import hashlib
from email.utils import formatdate

from stripe_sandbox.account import Account
from stripe_sandbox.refusals import Refusal, unknown_route
from stripe_sandbox.server import routes
from stripe_sandbox.server.calls import Call, Hook, Reply, chain, json_reply, refused
from stripe_sandbox.server.connected import reading_for
from stripe_sandbox.server.keys import KeyRing
from stripe_sandbox.server.reading import Reading
from stripe_sandbox.server.statistics import Statistics


class Api:
    """One account behind HTTP."""

    def __init__(self, account: Account, keys: KeyRing, reading: Reading) -> None:
        """Serves `account` to the holders of `keys`."""
        self.account = account
        self.keys = keys
        self.statistics = Statistics()
        self.hooks: list[Hook] = []
        """Called in order around every call whose key and route are known; see `calls.Hook`."""
        self._reading = reading
        self._number = 0

    async def answer(
        self, method: str, raw_path: str, raw_query: str, headers: dict[str, str]
    ) -> Reply:
        """The reply to one request, with all its headers; counted."""
        self._number += 1
        number = self._number
        request_id = "req_" + hashlib.blake2b(str(number).encode(), digest_size=7).hexdigest()
        matched = routes.match(raw_path)
        template = matched[0].path if matched else "unknown"
        try:
            key = self.keys.of_header(headers.get("authorization"))
            if method != "GET":
                raise Refusal(405, f"The sandbox answers GET only, not {method}.")
            if matched is None:
                raise unknown_route(method, raw_path)
            call = Call(number, request_id, method, raw_path, raw_query, headers, *matched, key)
            reply = await chain(self.hooks, self._read)(call)
        except Refusal as refusal:
            reply = refused(refusal, request_id, livemode=self.account.store.livemode)
        self.statistics.note(method, template, reply.status, len(reply.body))
        reply.headers = self._headers(request_id, headers) | reply.headers
        return reply

    async def _read(self, call: Call) -> Reply:
        with self.account.lock:
            reading = reading_for(self.account, self._reading, call)
            content = reading.answer(
                call.route, call.identities, call.raw_query, call.raw_path, call.key
            )
        return json_reply(content)

    def _headers(self, request_id: str, headers: dict[str, str]) -> dict[str, str]:
        sent = {
            "Date": formatdate(self.account.store.now, usegmt=True),
            "Content-Type": "application/json",
            "Request-Id": request_id,
        }
        if "stripe-version" in headers:
            sent["Stripe-Version"] = headers["stripe-version"]
        if "stripe-account" in headers:
            sent["Stripe-Account"] = headers["stripe-account"]
        return sent
