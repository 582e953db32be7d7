"""A record -> the same record with what is personal in it hashed or dropped, by a policy.

The record that comes in is left as it was: other streams' records are made of the same objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from source_stripe_saas.privacy.classes import Policy
from source_stripe_saas.privacy.hashing import hasher, normal_email
from source_stripe_saas.privacy.table import Table, table

Texts = Callable[[str], str | None]


@dataclass(frozen=True)
class _Rule:
    """What becomes of a field of one class."""

    text: Texts
    """A text -> what takes its place."""
    stays: frozenset[str]
    """Fields of an object that are left alone."""
    drops_objects: bool
    """True if an object is dropped as a whole, false if its texts are replaced one by one."""


class _Step(dict[str, _Rule | None]):
    """A field's name -> its rule, for all objects of one type in one place; filled as they come."""

    def __init__(self, rules: Mapping[str, _Rule], fields: Table, kind: str, parent: str) -> None:
        super().__init__()
        self._rules, self._fields = rules, fields
        self._kind, self._parent = kind, parent

    def __missing__(self, name: str) -> _Rule | None:
        found = self._fields.class_of(name, self._parent, self._kind)
        rule = self[name] = self._rules.get(found) if found else None
        return rule


class _Inside(dict[str, _Rule | None]):
    """The same inside an object that a rule has fitted: one rule for all but what stays."""

    def __init__(self, rule: _Rule) -> None:
        super().__init__(dict.fromkeys(rule.stays))
        self._rule = rule

    def __missing__(self, name: str) -> _Rule | None:
        return self._rule


class Redaction:
    """One policy, ready to be applied; safe to use from many threads."""

    def __init__(self, policy: Policy, fields: Table | None = None) -> None:
        """Takes a table of fields in place of `fields.yaml`."""
        self._fields = fields or table()
        self._rules = {
            name: self._rule(name, action == "hash", policy)
            for name, action in policy.hashed_or_dropped.items()
        }
        self._steps: dict[tuple[str, str], _Step] = {}
        self._insides = {id(rule): _Inside(rule) for rule in self._rules.values()}

    def _rule(self, name: str, is_hashed: bool, policy: Policy) -> _Rule:
        stays = self._fields.classes[name].stays
        if not is_hashed:
            return _Rule(_nothing, stays, drops_objects=not stays)
        assert policy.key is not None, "settings refuse hashing without a key"
        hashed = hasher(policy.key)
        if name == "email":
            return _Rule(lambda text: hashed(normal_email(text)), stays, drops_objects=False)
        return _Rule(hashed, stays, drops_objects=False)

    def touches(self, schema: Mapping[str, Any], kind: str) -> bool:
        """True if a stream's records may hold anything that the policy changes.

        Args:
            schema: the stream's JSON Schema.
            kind: the type of its objects.
        """
        if kind == "event":
            return bool(self._rules)  # its payload may be anything
        todo: list[tuple[Mapping[str, Any], str, str]] = [(schema, "", kind)]
        while todo:
            node, parent, around = todo.pop()
            while "items" in node:
                node = node["items"]
            for name, inner in node.get("properties", {}).items():
                if self._rules.get(self._fields.class_of(name, parent, around) or ""):
                    return True
                # The types of objects inside are not in the schema; names alone decide there.
                todo.append((inner, name, ""))
        return False

    def redacted(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """A record with the policy applied.

        Texts are hashed or become null; numbers in their place become null either way. Without
        recursion, since records may be nested deeper than Python likes.
        """
        result = dict(record)
        todo: list[_Todo] = [(result, "", "", None)]
        while todo:
            node, parent, kind, rule = todo.pop()
            if type(node) is list:
                for index, value in enumerate(node):
                    if rule is not None or type(value) in _CONTAINERS:
                        node[index] = _placed(value, parent, kind, rule, todo)
                continue
            own = node.get("object")
            if type(own) is str:
                kind = own
            step = self._step(kind, parent) if rule is None else self._insides[id(rule)]
            for name, value in node.items():
                found = step[name]
                # Replacing values while going over them is safe: no key comes or goes.
                if found is not None:
                    node[name] = _placed(value, name, kind, found, todo)
                elif type(value) in _CONTAINERS:
                    within = _kind_before(node) if name == _BEFORE else kind
                    node[name] = _placed(value, name, within, None, todo)
        return result

    def _step(self, kind: str, parent: str) -> _Step:
        step = self._steps.get((kind, parent))
        if step is None:
            step = self._steps[kind, parent] = _Step(self._rules, self._fields, kind, parent)
        return step


_CONTAINERS = frozenset({dict, list})
_BEFORE = "previous_attributes"

_Todo = tuple[Any, str, str, _Rule | None]
"""A copy whose values are still to be checked, the field that it is in, the type around it, and
the rule that has fitted further out."""


def _placed(value: Any, parent: str, kind: str, rule: _Rule | None, todo: list[_Todo]) -> Any:
    """What takes a value's place; what is inside it follows later, by way of `todo`."""
    if type(value) in _CONTAINERS:
        if rule is not None and rule.drops_objects:
            return None
        copy = value.copy()
        todo.append((copy, parent, kind, rule))
        return copy
    if rule is None:
        return value
    return rule.text(value) if type(value) is str else None


def _kind_before(data: dict[str, Any]) -> str:
    """The type of what an event's former values belong to; the event shows it beside them."""
    after = data.get("object")
    kind = after.get("object") if isinstance(after, dict) else None
    return kind if isinstance(kind, str) else ""


def _nothing(text: str) -> None:
    return None
