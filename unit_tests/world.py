"""Actions in time -> an account that changes, and events that tell of it, late and in disorder.

The truth stays at hand, so that whatever a sync has brought over can be compared with it.
"""

import random
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from source_stripe_saas.api.transport import STRIPE_VERSION
from unit_tests.builders import NOW, OLD_VERSION, a_list
from unit_tests.fake_stripe import FakeStripe


@dataclass(frozen=True)
class Action:
    """Something that happens."""

    verb: str
    number: int
    """Which thing."""
    passed: int
    """Seconds since the action before."""
    version: str | None
    """The API version that its event is born with."""
    late: int
    """Seconds until the event shows up."""


def actions(*verbs: str, things: int = 6):
    """A strategy for histories."""
    return st.lists(
        st.builds(
            Action,
            st.sampled_from(verbs),
            st.integers(0, things - 1),
            st.sampled_from([0, 0, 0, 0, 1, 7, 61, 3600]),
            st.sampled_from([STRIPE_VERSION, STRIPE_VERSION, OLD_VERSION, None]),
            st.sampled_from([0, 0, 5, 60]),
        ),
        max_size=40,
    )


@dataclass
class World(FakeStripe):
    """An account with things, their parts, and parts of other collections that name things."""

    rng: random.Random = field(default_factory=random.Random)
    clock: int = NOW
    to_come: deque = field(default_factory=deque)
    """Actions that happen while requests are made."""
    serial: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.lists.setdefault("things", [])

    def get(self, path, params=(), **options):
        while self.to_come and self.rng.random() < 0.3:
            self.act(self.to_come.popleft())
        self.now = self.clock
        return super().get(path, params, **options)

    def _ordered(self, path, asked, types):
        rows = super()._ordered(path, asked, types)
        return [row for row in rows if row.get("visible_at", 0) <= self.clock]

    def thing(self, number: int) -> dict[str, Any] | None:
        return next((row for row in self.lists["things"] if row["id"] == f"th_{number}"), None)

    def act(self, action: Action) -> None:
        """Lets one action happen."""
        self.clock += action.passed
        self.serial += 1
        thing = self.thing(action.number)
        if thing is None:
            if action.verb in ("delete", "touch", "drop"):
                return
            thing = {
                "id": f"th_{action.number}",
                "object": "thing",
                "created": self.clock,
                "content": self.serial,
                "parts": a_list(url=f"/v1/things/th_{action.number}/parts"),
            }
            self.lists["things"].insert(0, thing)
            self._tell("thing.created", thing, action)
            return
        before = list(thing["parts"]["data"])
        if action.verb == "delete":
            self.lists["things"].remove(thing)
            self._tell("thing.deleted", thing, action)
            return
        thing["content"] = self.serial
        if action.verb == "touch":
            named = thing["id"] if self.serial % 2 else dict(thing)
            other = {"id": f"ot_{self.serial}", "object": "other", "thing": named}
            self._tell("other.updated", other, action)
            return
        previous: dict[str, Any] = {}
        if action.verb == "add" and len(before) < 10:
            part = {"id": f"pa_{self.serial}", "object": "part", "content": self.serial}
            thing["parts"] = {**thing["parts"], "data": [*before, part]}
            previous = {"parts": {"object": "list", "data": before}}
        elif action.verb == "drop" and before:
            thing["parts"] = {**thing["parts"], "data": before[1:]}
            previous = {"parts": {"object": "list", "data": before}}
        self._tell("thing.updated", thing, action, previous_attributes=previous)

    def _tell(self, type: str, subject: dict[str, Any], action: Action, **data: Any) -> None:
        payload = dict(subject)
        if action.version != STRIPE_VERSION and "content" in payload:
            # A field of this name held something else then, and the value had another name.
            payload = {**payload, "content": {"value": 1}, "value": payload["content"]}
        event = {
            "id": f"evt_{self.serial}",
            "object": "event",
            "type": type,
            "created": self.clock,
            "visible_at": self.clock + action.late,
            "api_version": action.version,
            "data": {"object": payload, **data},
        }
        # Stripe promises no order among the events of one second.
        place = self.rng.randrange(len(self.lists["events"]) + 1)
        self.lists["events"].insert(place, event)
