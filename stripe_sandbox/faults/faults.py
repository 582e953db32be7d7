"""An account, its keys and options in; the hook that lets calls go wrong out."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from email.utils import formatdate
from urllib.parse import parse_qsl, urlencode

from stripe_sandbox.account import Account
from stripe_sandbox.faults.dice import Dice
from stripe_sandbox.faults.events import EventFaults
from stripe_sandbox.faults.kinds import INSTEAD, ON_THE_WIRE, FaultOptions
from stripe_sandbox.faults.life import Life
from stripe_sandbox.faults.replies import instead, manner, of_object, refusal
from stripe_sandbox.server.calls import Call, Proceed, Reply
from stripe_sandbox.server.keys import Key, KeyRing

_MOST_BEHIND_SECONDS = 600
_OWNERS = ("charge", "invoice", "payout", "subscription")
"""Filters that make a list one of what belongs to an object."""
_CURSOR = "starting_after"
_TELL_CLOCKS = ("billing_clock_read", "customer_read")
"""Permissions that the lists of test clocks and of their customers need."""


class Faults:
    """The switches of one served account; thrown anew with `switch`, off by default."""

    def __init__(self, account: Account, keys: KeyRing, options: FaultOptions) -> None:
        """Stands by."""
        self._account, self._keys = account, keys
        self._kept_keys: dict[str, Key | None] = {}
        self._pages: dict[tuple[str, str | None], Reply] = {}
        self.dice = Dice(options)
        self._life = Life(account, self.dice)
        self._events = EventFaults(account, self.dice)

    def switch(self, options: FaultOptions) -> None:
        """Throws the switches anew; what was injected so far stays counted."""
        before = self.dice.injected
        self.dice = Dice(options)
        self.dice.injected = before
        self._life.go_on(self.dice)
        self._events.go_on(self.dice)

    def restore_keys(self) -> None:
        """Gives every key back what it lost."""
        for value, key in self._kept_keys.items():
            if key is None:
                self._keys.described.pop(value, None)
            else:
                self._keys.add(key)
        self._kept_keys.clear()

    async def hook(self, call: Call, proceed: Proceed) -> Reply:
        """Lets the call pass, or lets something happen to it.

        Raises:
            Refusal: that is what happens.
        """
        if not self.dice.options.rates:
            return await proceed(call)
        self._lose_rights(call)
        with self._account.lock:
            self._life.pass_time()
            if call.route.is_list:
                self._life.before_list(call.route.objects)
            if call.route.path == "/v1/events":
                self._events.before_list()
        self._refuse_objects(call)
        for kind in INSTEAD:
            if self.dice.strikes(kind):
                reply = self._instead(kind, call)
                if reply is not None:
                    return reply
        reply = await proceed(call)
        return await self._sent(call, reply)

    def _lose_rights(self, call: Call) -> None:
        value = call.key.value
        if self.dice.strikes("key_revoked"):
            self._keep(value)
            self._keys.add(replace(call.key, is_revoked=True))
            self.dice.note("key_revoked")
        elif self._is_for_losing(call) and self.dice.strikes("permission_withdrawn"):
            self._keep(value)
            known = self._keys.described.get(value, call.key)
            denied = known.denied | {call.route.permission}
            self._keys.add(replace(known, denied=denied))
            self.dice.note("permission_withdrawn")
        else:
            return
        call.key = self._keys.of_header(f"Bearer {value}")

    def _is_for_losing(self, call: Call) -> bool:
        """False for a permission without which a key cannot tell what belongs to a test clock.

        A reader without it lets objects of clocks in, as its documentation says: nobody could
        judge by the account's books what it read.
        """
        return not (self._account.store.of_clock and call.route.permission in _TELL_CLOCKS)

    def _keep(self, value: str) -> None:
        self._kept_keys.setdefault(value, self._keys.described.get(value))

    def _refuse_objects(self, call: Call) -> None:
        """Refuses what concerns an object that cannot be read.

        Raises:
            Refusal: the call is about such an object.
        """
        kind = "refusing_children" if call.route.is_list else "refusing_objects"
        identity = owner_of(call) if call.route.is_list else "".join(call.identities[-1:])
        if identity and self.dice.picks(kind, identity):
            self.dice.note(kind)
            raise of_object(identity, self.dice.share(f"{kind}/status", identity))

    def _instead(self, kind: str, call: Call) -> Reply | None:
        refused = refusal(kind)
        if refused is not None:
            self.dice.note(kind)
            raise refused
        if kind == "duplicate_page":
            reply = self._former_page(call)
        else:
            reply = instead(kind, call, self.dice.random(kind))
        if reply is not None:
            self.dice.note(kind)
        return reply

    def _former_page(self, call: Call) -> Reply | None:
        former = self._pages.get((_list_of(call), dict(parse_qsl(call.raw_query)).get(_CURSOR)))
        return None if former is None else Reply(former.status, former.body)

    def _keep_page(self, call: Call, reply: Reply) -> None:
        """By its last object, after which the next page starts: others may read the same list."""
        rows = json.loads(reply.body)["data"]
        if rows:
            self._pages[_list_of(call), rows[-1]["id"]] = reply

    async def _sent(self, call: Call, reply: Reply) -> Reply:
        dice = self.dice
        if call.route.is_list and reply.status == 200:
            if dice.is_on("duplicate_page"):
                self._keep_page(call, reply)
            if dice.is_on("page_end_deleted"):
                self._end_page(reply)
        if dice.strikes("clock_differs"):
            behind = dice.random("clock_differs").randint(1, _MOST_BEHIND_SECONDS)
            reply.headers["Date"] = formatdate(self._account.store.now - behind, usegmt=True)
            dice.note("clock_differs")
        if call.route.path == dice.options.slow_path and dice.strikes("slow_endpoint"):
            dice.note("slow_endpoint")
            await asyncio.sleep(dice.options.slow_seconds)
        for kind in ON_THE_WIRE:
            if dice.strikes(kind):
                reply.manner = manner(kind, dice.options, dice.random(kind))
                dice.note(kind)
                break
        return reply

    def _end_page(self, reply: Reply) -> None:
        page = json.loads(reply.body)
        if page["has_more"] and page["data"]:
            last = page["data"][-1]
            with self._account.lock:
                self._life.after_page(last["object"], last["id"])


def owner_of(call: Call) -> str:
    """The object whose own list a call reads; empty if the list is the account's."""
    if call.route.scope is not None and call.identities:
        return call.identities[0]
    asked = dict(parse_qsl(call.raw_query))
    scope = call.route.scope
    names = (scope.param, *_OWNERS) if scope is not None and scope.param else _OWNERS
    return next((asked[name] for name in names if name in asked), "")


def _list_of(call: Call) -> str:
    """The list that a call reads a page of: all that is asked but where the page starts."""
    asked = [pair for pair in parse_qsl(call.raw_query) if pair[0] != _CURSOR]
    return f"{call.raw_path}?{urlencode(asked)}"
