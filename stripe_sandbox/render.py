"""A stored, normalised object in; the object as Stripe's API sends it out.

Lists are put together from their entries and cut at ten, fields that Stripe leaves out unless
expanded are left out, expanded ids become objects. Stored objects are never changed: whatever
differs is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from stripe_sandbox import expansion, stripe_spec
from stripe_sandbox.embedded import EMBEDDED_LIMIT, INCLUDABLE, LISTS, EmbeddedList
from stripe_sandbox.expansion import NamedSchema, Tree
from stripe_sandbox.shelf import Shelf, value_at
from stripe_sandbox.store import Store, StripeObject

Step = Callable[[StripeObject, StripeObject, str], None]
"""Changes the copy (first) of an object (second), given its owner's id."""


def render(store: Store, obj: StripeObject, expand: Iterable[str] = ()) -> StripeObject:
    """The API's form of one object.

    Args:
        store: where its children and references are.
        obj: the normalised object; it need not be stored itself.
        expand: paths as of a GET by id (without `data.`).

    Raises:
        Refusal: a path cannot be expanded.
    """
    name = obj["object"]
    tree = expansion.tree_for((name,), expand, in_list=False) if expand else {}
    return _renderer(store).render_all([obj], tree)[0]


def _renderer(store: Store) -> Renderer:
    """The store's own renderer: its plans are worth keeping from call to call."""
    if store.renderer is None:
        store.renderer = Renderer(Shelf(store))
    renderer: Renderer = store.renderer
    return renderer


class Renderer:
    """Renders objects of one store, keeping what it worked out for the next."""

    def __init__(self, shelf: Shelf) -> None:
        """Renders from what the shelf's store holds at the moment of each call."""
        self._shelf = shelf
        self._plans: dict[tuple[str, str], Plan] = {}

    def render_all(self, objects: Iterable[StripeObject], tree: Tree) -> list[StripeObject]:
        """The API's form of objects under a checked tree of expansions."""
        key = repr(tree) if tree else ""
        out = []
        for obj in objects:
            plan = self._plans.get((obj["object"], key)) or self._plan(obj["object"], tree)
            # Some of Stripe's objects (an entitlement summary) have no id.
            out.append(plan.apply(obj, obj.get("id", "")))
        return out

    def _plan(self, name: str, tree: Tree) -> Plan:
        key = (name, repr(tree) if tree else "")
        plan = self._plans.get(key)
        if plan is None:
            schemas = list(expansion.component(name)) if name in _schema_names() else []
            plan = self._plans[key] = Plan(self._shelf, self, schemas, tree, frozenset())
        return plan


class Plan:
    """What differs between the stored and the sent form of one schema under one expansion."""

    def __init__(
        self,
        shelf: Shelf,
        renderer: Renderer,
        schemas: list[NamedSchema],
        tree: Tree,
        above: frozenset[str],
    ) -> None:
        """Works out the steps; `above` are the schemas around this one, against endless nesting."""
        self._shelf = shelf
        self._renderer = renderer
        self._drop: set[str] = set()
        self._steps: list[Step] = []
        above = above | {name for name, _ in schemas if name is not None}
        for name, schema in schemas:
            for key, content in schema.get("properties", {}).items():
                self._add(name, key, content, tree.get(key), above)

    @property
    def is_trivial(self) -> bool:
        """True when the stored form is the sent form."""
        return not self._steps and not self._drop

    def apply(self, obj: StripeObject, owner: str) -> StripeObject:
        """The sent form; the object itself when nothing differs."""
        if self._drop:
            out = {key: value for key, value in obj.items() if key not in self._drop}
        elif self._steps:
            out = dict(obj)
        else:
            return obj
        for step in self._steps:
            step(out, obj, owner)
        return out

    def _add(
        self,
        name: str | None,
        key: str,
        content: dict[str, Any],
        tree: Tree | None,
        above: frozenset[str],
    ) -> None:
        embedded = LISTS.get((name, key)) if name is not None else None
        if embedded is not None:
            if embedded.always or tree is not None:
                self._steps.append(self._list_step(key, embedded, (tree or {}).get("data", {})))
            else:
                self._drop.add(key)
            return
        if (name, key) in INCLUDABLE and tree is None:
            self._drop.add(key)
            return
        if "x-expansionResources" in content.get("items", content):
            if tree is not None:
                self._steps.append(self._expand_step(key, content, tree))
            return
        nested = list(expansion.targets(content, expanded=False))
        resources = [part for part, schema in nested if "x-resourceId" in schema]
        if tree is None and any(part in above for part, _ in nested):
            return
        plan = Plan(self._shelf, self._renderer, nested, tree or {}, above)
        if plan.is_trivial and not resources:
            return
        kinds = [kind for part in resources if part and (kind := object_name(part)) is not None]
        self._steps.append(self._nested_step(key, plan, kinds, tree or {}))

    def _list_step(self, key: str, embedded: EmbeddedList, tree: Tree) -> Step:
        condition = embedded.only_if.split(".") if embedded.only_if else None

        def step(out: StripeObject, obj: StripeObject, owner: str) -> None:
            if condition is not None and not value_at(obj, condition):
                out.pop(key, None)
                return
            rows = self._shelf.related(embedded.objects, embedded.path, owner)
            entries = [row.content for row in rows]
            if embedded.without_statuses:
                entries = [e for e in entries if e["status"] not in embedded.without_statuses]
            out[key] = {
                "object": "list",
                "data": self._renderer.render_all(entries[:EMBEDDED_LIMIT], tree),
                "has_more": len(entries) > EMBEDDED_LIMIT,
                "url": embedded.url.format(id=owner),
            }

        return step

    def _expand_step(self, key: str, content: dict[str, Any], tree: Tree) -> Step:
        options = content.get("items", content)["x-expansionResources"]["oneOf"]
        parts = [
            part for option in options for part, _ in expansion.component(_name(option)) if part
        ]
        kinds = [kind for part in parts if (kind := object_name(part)) is not None]
        gone = {object_name(part) for part in parts if part.startswith("deleted_")}

        def expanded(value: Any) -> Any:
            return self._resolve(value, kinds, gone, tree) if isinstance(value, str) else value

        def step(out: StripeObject, obj: StripeObject, owner: str) -> None:
            value = obj.get(key)
            if isinstance(value, list):
                out[key] = [expanded(entry) for entry in value]
            elif value is not None:
                out[key] = expanded(value)

        return step

    def _nested_step(self, key: str, plan: Plan, kinds: list[str], tree: Tree) -> Step:
        def nested(value: Any, owner: str) -> Any:
            if isinstance(value, dict):
                return plan.apply(value, owner)
            if isinstance(value, str) and kinds:
                return self._resolve(value, kinds, set(), tree)
            return value

        def step(out: StripeObject, obj: StripeObject, owner: str) -> None:
            value = obj.get(key)
            if isinstance(value, list):
                out[key] = [nested(entry, owner) for entry in value]
            elif value is not None:
                out[key] = nested(value, owner)

        return step

    def _resolve(self, identity: str, kinds: list[str], gone: set[str | None], tree: Tree) -> Any:
        """The object behind an id; the id itself where the account does not hold it."""
        store = self._shelf.store
        for kind in kinds:
            content = store.get(kind, identity)
            if content is not None:
                return self._renderer.render_all([content], tree)[0]
        for kind in kinds:
            content = store.deleted.get(kind, {}).get(identity)
            if content is not None and identity not in store.purged:
                # A removed discount is sent whole, as nothing else shows what it was.
                if kind == "discount":
                    return {**self._renderer.render_all([content], tree)[0], "deleted": True}
                if kind in gone:
                    return deleted_form(content)
                return self._renderer.render_all([content], tree)[0]
        return identity


def deleted_form(content: StripeObject) -> StripeObject:
    """What Stripe still sends of a deleted object."""
    return {"id": content["id"], "object": content["object"], "deleted": True}


def object_name(schema_name: str) -> str | None:
    """The `object` value of a component's objects, None if it has none."""
    properties = stripe_spec.load()["schemas"][schema_name].get("properties", {})
    values = properties.get("object", {}).get("enum")
    return values[0] if values else None


def _schema_names() -> dict[str, Any]:
    schemas: dict[str, Any] = stripe_spec.load()["schemas"]
    return schemas


def _name(option: dict[str, Any]) -> str:
    return expansion.reference(option)
