"""The account's new events in; messages to its endpoints out, retried until they are accepted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from stripe_sandbox.deliveries.endpoint import Endpoint, waits
from stripe_sandbox.deliveries.mishaps import Mishaps
from stripe_sandbox.deliveries.signature import HEADER, signature_header
from stripe_sandbox.deliveries.thin import thin
from stripe_sandbox.store import Store, StripeObject

WRONG_SECRET = "whsec_of_somebody_else"
OTHER_ACCOUNT = "acct_1Stranger000000"
_SKEW_SECONDS = 600
"""Twice what Stripe's libraries tolerate."""

Render = Callable[[str], StripeObject]
"""The id of an event -> the event as the API shows it."""


@dataclass(frozen=True)
class Message:
    """One delivery to one endpoint; signed when it is sent."""

    endpoint: Endpoint
    event_id: str
    body: bytes
    due: int
    """By the account's clock."""
    attempt: int = 0
    secrets: tuple[str, ...] | None = None
    """Sign with these in place of the endpoint's."""
    skew_seconds: int = 0
    """What the signature's time is off by."""
    is_genuine: bool = True
    """False for what Stripe would not send; it is not tried again."""

    def headers(self, now: int | None = None) -> dict[str, str]:
        """What is sent with the body.

        Args:
            now: Unix seconds of the receiver; None: the machine's.
        """
        at = (int(time.time()) if now is None else now) + self.skew_seconds
        secrets = self.endpoint.secrets if self.secrets is None else self.secrets
        return {
            "Content-Type": "application/json; charset=utf-8",
            HEADER: signature_header(secrets, self.body, at),
        }


@dataclass
class Outbox:
    """What an account has to deliver; whoever uses it holds the account's lock."""

    store: Store
    account_id: str
    render: Render
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    """By their addresses."""
    mishaps: Mishaps = field(default_factory=Mishaps)
    waiting: list[Message] = field(default_factory=list)
    accepted: int = 0
    given_up: int = 0
    _sequence: int = 0
    """Up to which event all have been collected."""

    def add(self, endpoint: Endpoint) -> None:
        """Adds an endpoint, or changes the one of that address; only what happens later is sent."""
        if not self.endpoints:
            self._sequence = max((row.sequence for row in self._events()), default=-1)
        self.endpoints[endpoint.url] = endpoint

    def collect(self) -> None:
        """Puts what happened since the last time into the list of what waits."""
        if not self.endpoints:
            return
        fresh = []
        for row in reversed(list(self._events())):
            if row.sequence <= self._sequence:
                break
            fresh.append(row)
        for row in reversed(fresh):
            self._sequence = row.sequence
            self.send(self.render(row.content["id"]))

    def send(self, event: StripeObject) -> None:
        """Queues an event for the endpoints that take it, with what befalls it."""
        for endpoint in self.endpoints.values():
            if endpoint.takes(event["type"]):
                self.waiting += self._messages(endpoint, event)

    def due(self) -> list[Message]:
        """Takes out what is to be sent now, in the order of sending."""
        self.collect()
        now = self.store.now
        ready = [message for message in self.waiting if message.due <= now]
        self.waiting = [message for message in self.waiting if message.due > now]
        shuffled = [
            message for message in ready if self.mishaps.strikes("shuffled", message.event_id)
        ]
        for message in shuffled:
            ready.remove(message)
            ready.insert(round(self.mishaps.place(message.event_id) * len(ready)), message)
        return ready

    def refused(self, message: Message) -> None:
        """Queues a message that was not accepted once more, later, or gives it up."""
        if not message.is_genuine:
            return
        steps = waits(livemode=self.store.livemode)
        if message.attempt >= len(steps):
            self.given_up += 1
            return
        due = self.store.now + steps[message.attempt]
        self.waiting.append(replace(message, attempt=message.attempt + 1, due=due))

    def was_accepted(self, message: Message) -> None:
        """Notes that the endpoint answered with a 2xx."""
        if not message.is_genuine:
            return
        self.accepted += 1
        self._set_pending(message.event_id, 0)

    def _events(self) -> Iterable[Any]:
        return self.store.rows.get("event", {}).values()

    def _messages(self, endpoint: Endpoint, event: StripeObject) -> list[Message]:
        identity, strikes = event["id"], self.mishaps.strikes
        self._set_pending(identity, 1)
        shown = thin(event, self.account_id) if endpoint.is_thin else event
        true = Message(endpoint, identity, _body(shown), self.store.now)
        if strikes("late", identity):
            true = replace(true, due=true.due + self.mishaps.delay(identity))
        messages = [] if strikes("dropped", identity) else [true]
        if messages and strikes("doubled", identity):
            messages.append(true)
        wrong = replace(true, due=self.store.now, is_genuine=False)
        if strikes("forged", identity):
            messages.append(replace(wrong, secrets=(WRONG_SECRET,)))
        if strikes("replayed", identity):
            messages.append(replace(wrong, skew_seconds=-_SKEW_SECONDS))
        if strikes("ahead", identity):
            messages.append(replace(wrong, skew_seconds=_SKEW_SECONDS))
        if strikes("other_mode", identity):
            other = {**shown, "id": f"{shown['id']}_mode", "livemode": not event["livemode"]}
            messages.append(replace(wrong, body=_body(other)))
        if strikes("other_account", identity):
            field_name = "context" if endpoint.is_thin else "account"
            other = {**shown, "id": f"{shown['id']}_account", field_name: OTHER_ACCOUNT}
            messages.append(replace(wrong, body=_body(other)))
        return messages

    def _set_pending(self, identity: str, number: int) -> None:
        row = self.store.rows.get("event", {}).get(identity)
        if row is not None and row.content.get("pending_webhooks") != number:
            row.content = {**row.content, "pending_webhooks": number}
            self.store.versions["event"] = self.store.versions.get("event", 0) + 1


def _body(event: StripeObject) -> bytes:
    # Stripe sends it indented; whoever parses and writes it anew gets another signature.
    return json.dumps(event, indent=2, ensure_ascii=False).encode()
