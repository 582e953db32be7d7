"""What single objects look like on the wire, and which requests about them are refused.

The store stays as it is, so that the sandbox's own count of what there is remains the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from stripe_sandbox.refusals import Refusal
from stripe_sandbox.server.calls import Call, Proceed, Reply, json_reply


@dataclass(frozen=True)
class Rewrite:
    """How one object differs on the wire from what the store holds."""

    drop: tuple[str, ...] = ()
    """Fields that are not sent."""
    put: dict[str, Any] = field(default_factory=dict)
    """Fields that are sent with another value."""


@dataclass(frozen=True)
class NoEntry:
    """Requests that are refused whatever the key may read."""

    identity: str
    """The object that the path or a filter names."""
    status: int
    message: str
    only_children: bool = True
    """False: a GET of the object itself is refused, too."""


@dataclass
class Wire:
    """The rewritten and the refused objects of one served account; nothing at first."""

    rewrites: dict[str, Rewrite] = field(default_factory=dict)
    """By the object's id."""
    refused: list[NoEntry] = field(default_factory=list)

    async def hook(self, call: Call, proceed: Proceed) -> Reply:
        """Refuses the call, or sends its reply with the rewritten objects in it.

        Raises:
            Refusal: the call is one of the refused ones.
        """
        for entry in self.refused:
            if _is_about(call, entry):
                raise Refusal(entry.status, entry.message)
        reply = await proceed(call)
        if not self.rewrites or reply.status != 200:
            return reply
        if not any(identity.encode() in reply.body for identity in self.rewrites):
            return reply
        rewritten = json_reply(self._rewritten(orjson.loads(reply.body)))
        return Reply(reply.status, rewritten.body, reply.headers, reply.manner)

    def _rewritten(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._rewritten(entry) for entry in node]
        if not isinstance(node, dict):
            return node
        rewrite = self.rewrites.get(node.get("id", "")) if "object" in node else None
        found = {name: self._rewritten(value) for name, value in node.items()}
        if rewrite is not None:
            found = {name: value for name, value in found.items() if name not in rewrite.drop}
            found |= rewrite.put
        return found


def _is_about(call: Call, entry: NoEntry) -> bool:
    """Whether a call asks for the object's children, or for the object itself."""
    filters = call.raw_query.split("&")
    named_by_filter = any(part.endswith(f"={entry.identity}") for part in filters)
    is_cursor = any(part == f"starting_after={entry.identity}" for part in filters)
    if call.route.is_list:
        return call.identities[:1] == [entry.identity] or (named_by_filter and not is_cursor)
    return not entry.only_children and call.identities[-1:] == [entry.identity]
