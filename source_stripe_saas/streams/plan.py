"""A stream as the manifest describes it -> `StreamPlan`, the form that the readers work with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from source_stripe_saas.api.listing import Listing
from source_stripe_saas.api.raw_object import HeadDecoder, StripeObject, head_decoder

EVENTS_KEPT_DAYS = 30

# Stripe sends a time of change for these two objects; it stays as it is.
OBJECTS_WITH_UPDATED = frozenset({"product", "billing.meter"})


@dataclass(frozen=True)
class Touch:
    """Events about another object that mean a change of ours."""

    id: str
    """The field of the event's object that holds our object's id; dots lead deeper."""
    events: tuple[str, ...]
    shows: str | None = None
    """The field of the event's object that lists the children, if it has one."""


@dataclass(frozen=True)
class Reread:
    """A list that is read again, with a filter, for each object that events name."""

    filter: str
    id: str
    events: tuple[str, ...]
    path: str
    """Where such an object lies, to ask whether it still exists."""
    named_by: str | None = None
    """The field of our own objects that names such an object: what has been seen needs no look."""


@dataclass(frozen=True)
class StreamPlan:
    """One stream: where it lies, how it changes, what a key must be allowed to read it."""

    name: str
    primary_key: tuple[str, ...]
    object: str
    """Stripe's `object` name of the records."""
    permission: str
    """Restricted-key permission, without Stripe's prefix `rak_`."""
    path: str = ""
    """List endpoint below /v1. Children without one of their own: the parent's."""
    get_path: str = ""
    """Where one object is read by id; fields of the object in braces."""
    params: tuple[tuple[str, str], ...] = ()
    variants: tuple[tuple[tuple[str, str], ...], ...] = ((),)
    """Filters that must each be read for the list to be complete."""
    expand: tuple[str, ...] = ()
    """What is expanded, as on a GET by id."""
    completes: tuple[str, ...] = ()
    """Embedded lists, read to their end where Stripe cut them."""
    created_filter: bool = True
    created_field: str = "created"
    created_optional: bool = False
    """True if not every object says when it was created."""
    single: bool = False
    """The path gives one object, not a list."""
    full_refresh: bool = False
    """Every sync reads everything."""
    derived_from: tuple[str, ...] = ()
    """The records are worked out of these streams' lists and of events; see `ledger/`."""
    cursor_field: str = "updated"
    keeps_days: int | None = None
    """Stripe forgets objects older than this."""
    events: tuple[str, ...] = ()
    """Event types whose object is the record."""
    deletion_events: tuple[str, ...] = ()
    touched_by: tuple[Touch, ...] = ()
    lookback_days: int = 0
    """Objects this young are read again on every sync, since some changes make no event."""
    open_while: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    """Objects with one of these field values are read again until they have it no more."""
    reread: tuple[tuple[tuple[str, str], ...], ...] = ()
    """Filters of lists that every sync reads again."""
    reread_for: Reread | None = None
    fallback: tuple[str, str] | None = None
    """(parent stream, call): who is asked one by one where the list is refused or empty."""
    # -- children only --
    parent: StreamPlan | None = None
    embedded: str | None = None
    """The parent's field that holds the children's list."""
    call: str | None = None
    """Or: the request that lists one parent's children, its id in braces."""
    asks_for: str | None = None
    """The part of that request, and field of the record, whose values a config names."""
    asked_for: tuple[str, ...] = ()
    """These values; without any, the stream has no records."""
    asked_since: int = 0
    """Where the days begin that such a request asks for, Unix seconds."""
    is_asked_of_several: bool = False
    """Several accounts are asked; whom one does not know may be another's."""
    only_parents: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    """Children are asked for only where the parent has one of these field values."""
    adds: tuple[tuple[str, str], ...] = ()
    """(field of the record, field of the parent) that the connector writes into the record."""
    parent_touched_by: tuple[Touch, ...] = ()
    """Events that make a parent's children be read again."""
    # -- records that objects of several streams carry --
    carriers: tuple[StreamPlan, ...] = ()
    """How the records are taken out of each of these streams' objects: children's plans."""
    carried_at: tuple[str, ...] = ()
    """Of such a child's plan: the parent's fields that hold records, such as `lines.data.x`."""
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_incremental(self) -> bool:
        """True if a state lets the next sync read less than everything."""
        if self.full_refresh or self.single:
            return False
        return bool(
            self.events
            or self.touched_by
            or self.parent_touched_by
            or self.lookback_days
            or self.keeps_days
        )

    @property
    def adds_updated(self) -> bool:
        """True if records get an `updated` from the connector."""
        return (
            self.is_incremental
            and self.cursor_field == "updated"
            and self.object not in OBJECTS_WITH_UPDATED
        )

    @property
    def adds_is_deleted(self) -> bool:
        """True if the stream reports that an object is gone."""
        return self.is_incremental and bool(
            self.deletion_events
            or self.embedded
            or self.carried_at
            or self.object == "entitlements.active_entitlement"
        )

    @property
    def derived(self) -> bool:
        """True if the records are worked out of lists and events; see `ledger/`."""
        return bool(self.derived_from)

    @property
    def carrier(self) -> str:
        """The stream whose objects carry the records, of a carrier's plan; else nothing."""
        return self.parent.name if self.parent is not None and self.carried_at else ""

    @property
    def is_listed(self) -> bool:
        """True if some list has the records, or parents of theirs."""
        return not self.derived and not self.carriers

    @property
    def feed_types(self) -> tuple[str, ...]:
        """All event types that this stream listens to, sorted."""
        types = set(self.events)
        for touch in (*self.touched_by, *self.parent_touched_by):
            types.update(touch.events)
        if self.reread_for:
            types.update(self.reread_for.events)
        for carrier in self.carriers:
            types.update(carrier.feed_types)
        return tuple(sorted(types))

    @property
    def endpoint(self) -> str:
        """The name under which Stripe counts requests for its limit."""
        return self.path

    def listing(
        self, variant: Iterable[tuple[str, str]] = (), also_expand: Iterable[str] = ()
    ) -> Listing:
        """The list to page through; for children, the parent's list.

        Args:
            variant: further filters.
            also_expand: what other streams need of the same objects.
        """
        source = self.parent or self
        paths = dict.fromkeys((*self.expand, *also_expand))
        expand = [("expand[]", f"data.{path}") for path in paths]
        return Listing(
            path=source.path,
            params=(*source.params, *variant, *expand),
            endpoint=source.path,
            created_field=source.created_field if source.created_filter else None,
            head=self._head(),
        )

    def _head(self) -> HeadDecoder | None:
        """What must be known of an object; None for parents, whose children must be taken out."""
        if self.parent is not None:
            return None
        fields = (self.created_field, *(name for name, _ in self.open_while))
        return head_decoder(fields, self.completes)

    def is_open(self, row: Mapping[str, Any]) -> bool:
        """True if the object will change without an event."""
        return any(row.get(name) in values for name, values in self.open_while)

    def has_children(self, parent: StripeObject) -> bool:
        """False if asking this parent for children would be in vain."""
        return all(parent.get(name) in values for name, values in self.only_parents)


def asking_for(
    plans: Mapping[str, StreamPlan], values: Iterable[str], since: int, *, of_several: bool = False
) -> dict[str, StreamPlan]:
    """The plans, and in those that ask for what a config names, what it names.

    Args:
        plans: by stream.
        values: as the config names them.
        since: where it lets streams begin, Unix seconds.
        of_several: the account is one of several that are read.
    """
    asked: dict[str, Any] = {
        "asked_for": tuple(dict.fromkeys(values)),
        "asked_since": since,
        "is_asked_of_several": of_several,
    }
    return {name: replace(plan, **asked) if plan.asks_for else plan for name, plan in plans.items()}


def _pairs(mapping: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    return tuple((mapping or {}).items())


def _conditions(mapping: Mapping[str, Any] | None) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    return tuple((name, tuple(values)) for name, values in (mapping or {}).items())


def _touches(entries: Iterable[Mapping[str, Any]] | None) -> tuple[Touch, ...]:
    return tuple(
        Touch(entry["id"], tuple(entry["events"]), entry.get("shows")) for entry in entries or ()
    )


def _reread_for(raw: Mapping[str, Any] | None) -> Reread | None:
    if raw is None:
        return None
    return Reread(raw["filter"], raw["id"], tuple(raw["events"]), raw["path"], raw.get("named_by"))


def _plan(
    name: str, primary_key: Iterable[str], raw: Mapping[str, Any], parent: StreamPlan | None
) -> StreamPlan:
    path = raw.get("path") or (parent.path if parent else "")
    fallback = raw.get("fallback")
    # Children that their parent's objects hold change with these, silently or not.
    held_by = parent if parent is not None and "embedded" in raw else None
    parent_touches = _touches(raw.get("parent_touched_by"))
    if parent is not None:
        own = tuple(raw.get("parent_events", parent.events))
        parent_touches = (Touch("id", own), *parent_touches) if own else parent_touches
    return StreamPlan(
        name=name,
        primary_key=tuple(primary_key),
        object=raw["object"],
        permission=raw["permission"],
        path=path,
        get_path=raw.get("get_path") or f"{path}/{{id}}",
        params=_pairs(raw.get("params")),
        variants=tuple(_pairs(variant) for variant in raw.get("variants", [{}])),
        expand=tuple(raw.get("expand", ())),
        completes=tuple(raw.get("completes", ())),
        created_filter=raw.get("created_filter", True),
        created_field=raw.get("created_field", held_by.created_field if held_by else "created"),
        created_optional=raw.get("created_optional", False),
        single=raw.get("single", False),
        full_refresh=raw.get("full_refresh", False),
        derived_from=tuple(raw.get("derived_from", ())),
        cursor_field=raw.get("cursor_field", "updated"),
        keeps_days=raw.get("keeps_days"),
        events=tuple(raw.get("events", ())),
        deletion_events=tuple(raw.get("deletion_events", ())),
        touched_by=_touches(raw.get("touched_by")),
        lookback_days=raw.get("lookback_days", held_by.lookback_days if held_by else 0),
        open_while=held_by.open_while if held_by else _conditions(raw.get("open_while")),
        reread=tuple(_pairs(entry) for entry in raw.get("reread", ())),
        reread_for=_reread_for(raw.get("reread_for")),
        fallback=(fallback["parent"], fallback["call"]) if fallback else None,
        parent=parent,
        embedded=raw.get("embedded"),
        call=raw.get("call"),
        asks_for=raw.get("asks_for"),
        only_parents=_conditions(raw.get("only_parents")),
        adds=_pairs(raw.get("adds")),
        parent_touched_by=parent_touches,
        raw=raw,
    )


def _carried(plan: StreamPlan, entry: Mapping[str, Any], parent: StreamPlan) -> StreamPlan:
    """The plan by which a stream's records are taken out of another stream's objects."""
    fields = tuple(entry["fields"])
    own = (Touch("id", parent.events),) if parent.events else ()
    return StreamPlan(
        name=plan.name,
        primary_key=plan.primary_key,
        object=plan.object,
        permission=parent.permission,
        path=parent.path,
        get_path=parent.get_path,
        # Where they are objects already, there is nothing to expand.
        expand=tuple(path for path in parent.expand if path in fields),
        created_field=parent.created_field,
        parent=parent,
        carried_at=fields,
        parent_touched_by=(*own, *_touches(entry.get("touched_by"))),
        raw=entry,
    )


def plans_of(streams: Iterable[Mapping[str, Any]]) -> dict[str, StreamPlan]:
    """The manifest's streams, references resolved -> plans by stream name, in the same order.

    Raises:
        KeyError: a stream names a parent that does not exist, or lacks a required field.
    """
    entries = {entry["name"]: entry for entry in streams}
    plans: dict[str, StreamPlan] = {}

    def plan_of(name: str) -> StreamPlan:
        if name not in plans:
            entry = entries[name]
            raw = entry["retriever"]
            parent = plan_of(raw["parent"]) if "parent" in raw else None
            plans[name] = plan = _plan(name, entry["primary_key"], raw, parent)
            carriers = tuple(
                _carried(plan, carried, plan_of(carrier))
                for carrier, carried in raw.get("carried_by", {}).items()
            )
            if carriers:
                variants = tuple((("carrier", each.carrier),) for each in carriers)
                plans[name] = replace(plan, carriers=carriers, variants=variants)
        return plans[name]

    return {name: plan_of(name) for name in entries}
