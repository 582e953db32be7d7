"""A mended sample in; its times, mode and references made those of one account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stripe_sandbox import stripe_spec
from stripe_sandbox.expansion import component, reference
from stripe_sandbox.render import object_name
from stripe_sandbox.samples.mend import Schema, option_for, resolved

Pick = Callable[[list[str], str], str | None]
"""(object names, id) -> the id if such an object exists, else that of another, else None."""


class _Unsettled(Exception):
    """A required reference leads nowhere: the object that holds it cannot stay."""


def settle(content: dict[str, Any], *, moment: int, livemode: bool, pick: Pick) -> None:
    """Changes a sample in place.

    Args:
        content: the sample; what was set on purpose must already be right, references too.
        moment: what every time in it becomes.
        livemode: what every `livemode` in it becomes.
        pick: finds objects that references may lead to.
    """
    schema = stripe_spec.load()["schemas"][content["object"]]
    _Settler(moment, livemode, pick).settle_object(content, schema)


class _Settler:
    def __init__(self, moment: int, livemode: bool, pick: Pick) -> None:
        self._moment = moment
        self._livemode = livemode
        self._pick = pick

    def settle_object(self, content: dict[str, Any], schema: Schema) -> None:
        for key, part in schema.get("properties", {}).items():
            if key not in content or content[key] is None:
                continue
            try:
                content[key] = self._settled(key, content[key], part)
            except _Unsettled:
                if resolved(part).get("nullable") or part.get("nullable"):
                    content[key] = None
                elif key not in schema.get("required", ()):
                    del content[key]
                else:
                    raise

    def _settled(self, key: str, value: Any, schema: Schema) -> Any:
        inner = schema.get("items", schema)
        if "x-expansionResources" in inner:
            return self._reference(value, schema, inner["x-expansionResources"]["oneOf"])
        schema = resolved(schema)
        if isinstance(value, dict):
            target = option_for(value, schema["anyOf"]) if "anyOf" in schema else schema
            self.settle_object(value, target)
        elif isinstance(value, list):
            return [self._settled(key, entry, schema["items"]) for entry in value]
        elif key == "livemode":
            return self._livemode
        elif schema.get("format") == "unix-time":
            return self._moment
        return value

    def _reference(self, value: Any, schema: Schema, options: list[Schema]) -> Any:
        parts = [part for option in options for part, _ in component(reference(option)) if part]
        kinds = [kind for part in parts if (kind := object_name(part)) is not None]
        if isinstance(value, list):
            return [entry for entry in value if self._pick(kinds, str(entry)) == entry]
        identity = value["id"] if isinstance(value, dict) else value
        found = self._pick(kinds, identity)
        if found == identity or (found is not None and not schema.get("nullable")):
            return found
        raise _Unsettled
