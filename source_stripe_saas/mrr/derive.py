"""One document of Stripe objects in, the ledger's rows out: the whole derivation, offline."""

from collections.abc import Iterator, Mapping
from typing import Any

from source_stripe_saas.mrr.catalog import Catalog
from source_stripe_saas.mrr.event_chain import DISCOUNT_EVENTS, INVOICE_EVENTS, STATE_EVENTS
from source_stripe_saas.mrr.facts import Facts
from source_stripe_saas.mrr.ledger import Row, Witness
from source_stripe_saas.mrr.line import (
    items_named,
    reference,
    subscription_of,
    subscriptions_named,
)
from source_stripe_saas.mrr.moment import seconds_of
from source_stripe_saas.mrr.options import OptionError, options_from
from source_stripe_saas.mrr.price import price_from
from source_stripe_saas.mrr.subscription import derive_subscription

_MAPS = ("prices", "coupons", "discounts", "options")
_LISTS = ("subscriptions", "invoices", "invoiceitems", "events", "snapshots")
_TIMES = ("horizon", "now")
# What a value of the wrong kind makes of the arithmetic.
_UNREADABLE = (ValueError, TypeError, AttributeError, ZeroDivisionError)


class InputError(ValueError):
    """A field of the input that is missing or cannot be read; the message is one line naming it."""


def derive(given: Mapping[str, Any], witness: Witness | None = None) -> list[Row]:
    """Derives every subscription in the input.

    Args:
        given: `prices`, `coupons`, `discounts` by id; lists of `subscriptions` (current objects),
            `invoices`, `invoiceitems`, `events`, `snapshots` (`at`, `subscription`); `horizon`
            (ISO or null), `now` (ISO), `options`. Absent keys are empty.
        witness: is shown each row as it is made, with what it was made of.

    Returns:
        Rows with all columns and `mrr_exact_after`, by time, subscription and sequence.

    Raises:
        InputError: a field is missing or cannot be read.
    """
    _check(given)
    try:
        options = options_from(given.get("options") or {})
    except OptionError as error:
        raise InputError(str(error)) from error
    catalog = Catalog(
        given.get("prices") or {}, given.get("coupons") or {}, given.get("discounts") or {}
    )
    rows: list[Row] = []
    for facts in facts_of(given):
        try:
            rows.extend(derive_subscription(facts, catalog, options, witness=witness)[0])
        except KeyError as error:
            where = f"subscription {facts.subscription_id}"
            raise InputError(f"{where}: an object of it lacks the field {error}") from error
        except _UNREADABLE as error:
            raise InputError(f"subscription {facts.subscription_id}: {error}") from error
    return sorted(
        rows, key=lambda row: (row["occurred_at"], row["subscription_id"], row["sequence"])
    )


def facts_of(given: Mapping[str, Any]) -> Iterator[Facts]:
    """Groups the objects of an input by the subscription they tell about."""
    subscriptions = {raw["id"]: raw for raw in given.get("subscriptions") or ()}
    snapshots: dict[str, list[tuple[int, Any]]] = {}
    for snapshot in given.get("snapshots") or ():
        raw = snapshot["subscription"]
        snapshots.setdefault(raw["id"], []).append((seconds_of(snapshot["at"]), raw))
    invoiceitems = {raw["id"]: raw for raw in given.get("invoiceitems") or ()}
    invoices = _grouped_invoices(given, invoiceitems)
    events, of_customer = _grouped_events(given.get("events") or ())
    customers = {key: reference(raw.get("customer")) for key, raw in subscriptions.items()}
    for key, told in events.items():
        for event in told:
            if event["type"] in STATE_EVENTS:
                customers.setdefault(key, reference(event["data"]["object"].get("customer")))
    for key, shots in snapshots.items():
        customers.setdefault(key, reference(shots[0][1].get("customer")))
    horizon = given.get("horizon")
    for key in dict.fromkeys([*subscriptions, *snapshots, *events]):
        yield Facts(
            subscription_id=key,
            upper=seconds_of(given["now"]),
            horizon=None if horizon is None else seconds_of(horizon),
            subscription=subscriptions.get(key),
            invoices=invoices.get(key, ()),
            invoiceitems=invoiceitems,
            events=[*events.get(key, ()), *of_customer.get(customers.get(key) or "", ())],
            snapshots=snapshots.get(key, ()),
        )


def _grouped_invoices(
    given: Mapping[str, Any], invoiceitems: Mapping[str, Any]
) -> dict[str, list[Any]]:
    """Invoices by subscription: the one they name, and those that their lines are of (M38a)."""
    owners: dict[str, str] = {}
    for raw in given.get("subscriptions") or ():
        listed = raw.get("items") or {}
        entries = listed.get("data") or () if isinstance(listed, Mapping) else listed
        known = (one.get("id") for one in entries if isinstance(one, Mapping))
        owners.update({item: raw["id"] for item in known if isinstance(item, str)})
    for raw in given.get("invoices") or ():
        for item, owner in items_named(raw).items():
            if owner is not None:
                owners.setdefault(item, owner)
    found: dict[str, list[Any]] = {}
    for raw in given.get("invoices") or ():
        names = subscriptions_named(raw, invoiceitems)
        names |= {owners[item] for item in items_named(raw) if item in owners}
        for name in names:
            found.setdefault(name, []).append(raw)
    return found


def _grouped_events(events: Any) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Events by subscription, and those of a customer's own discount by customer (M30)."""
    of_subscription: dict[str, list[Any]] = {}
    of_customer: dict[str, list[Any]] = {}
    for event in events:
        raw = event["data"]["object"]
        if event["type"] in STATE_EVENTS:
            of_subscription.setdefault(raw["id"], []).append(event)
        elif event["type"] in INVOICE_EVENTS:
            key = subscription_of(raw)
            if key:
                of_subscription.setdefault(key, []).append(event)
        elif event["type"] in DISCOUNT_EVENTS:
            key = reference(raw.get("subscription"))
            if key:
                of_subscription.setdefault(key, []).append(event)
            else:
                of_customer.setdefault(reference(raw.get("customer")) or "", []).append(event)
    return of_subscription, of_customer


def _check(given: Any) -> None:
    if not isinstance(given, Mapping):
        raise InputError("the input is not a JSON object")
    for name in given:
        if name not in (*_MAPS, *_LISTS, *_TIMES):
            raise InputError(f"{name}: there is no such field")
    for name in _MAPS:
        _check_map(name, given.get(name))
    for name in _LISTS:
        entries = given.get(name)
        entries = [] if entries is None else entries
        if not isinstance(entries, list):
            raise InputError(f"{name}: must be a list")
        for i, entry in enumerate(entries):
            _check_entry(name, f"{name}[{i}]", entry)
    if given.get("now") is None:
        raise InputError("now: is required, the moment up to which rows are made")
    for name in _TIMES:
        if given.get(name) is not None:
            _check_time(name, given[name])


def _check_map(name: str, entries: Any) -> None:
    if not isinstance({} if entries is None else entries, Mapping):
        raise InputError(f"{name}: must be an object")
    for key, entry in (entries or {}).items() if name != "options" else ():
        if not isinstance(entry, Mapping):
            raise InputError(f"{name}.{key}: must be an object")
        if name == "prices":
            try:
                price_from({**entry, "id": key})
            except _UNREADABLE as error:
                raise InputError(f"{name}.{key}: {error}") from error


def _check_entry(name: str, where: str, entry: Any) -> None:
    if not isinstance(entry, Mapping):
        raise InputError(f"{where}: must be an object")
    if name == "snapshots":
        _check_time(f"{where}.at", entry.get("at"))
        _check_subscription(f"{where}.subscription", entry.get("subscription"))
    elif name == "subscriptions":
        _check_subscription(where, entry)
    elif name == "events":
        _need(where, entry, "id", "type", "created", "data")
        data = entry["data"]
        if not isinstance(data, Mapping) or not isinstance(data.get("object"), Mapping):
            raise InputError(f"{where}.data.object: must be an object")
        if entry["type"] in STATE_EVENTS:
            _check_subscription(f"{where}.data.object", data["object"])
        elif entry["type"] in (*INVOICE_EVENTS, *DISCOUNT_EVENTS):
            _check_owners(f"{where}.data.object", data["object"])
    else:
        _need(where, entry, "id")
        if name == "invoices":
            _need(where, entry, "created")
            _check_owners(where, entry)
            _check_lines(where, entry)


def _check_subscription(where: str, raw: Any) -> None:
    if not isinstance(raw, Mapping):
        raise InputError(f"{where}: must be an object")
    _need(where, raw, "id", "status", "created")
    _check_owners(where, raw)


def _check_owners(where: str, raw: Mapping[str, Any]) -> None:
    """Whether it can be told which subscription and customer an object is of."""
    try:
        found = (subscription_of(raw), reference(raw.get("customer")))
    except _UNREADABLE as error:
        raise InputError(f"{where}.parent: cannot be read") from error
    if not all(one is None or isinstance(one, str) for one in found):
        raise InputError(f"{where}: its subscription or customer is no id")


def _check_lines(where: str, raw: Mapping[str, Any]) -> None:
    """Whether it can be told which subscriptions and items the lines of an invoice are of."""
    try:
        found = {*subscriptions_named(raw, {}), *items_named(raw)}
    except _UNREADABLE as error:
        raise InputError(f"{where}.lines: cannot be read") from error
    if not all(isinstance(one, str) for one in found):
        raise InputError(f"{where}.lines: a subscription or an item of them is no id")


def _need(where: str, entry: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if entry.get(name) is None:
            raise InputError(f"{where}.{name}: is missing")
        if name == "created" and not isinstance(entry[name], int):
            raise InputError(f"{where}.{name}: must be a time in Unix seconds")
        if name in ("id", "type", "status") and not isinstance(entry[name], str):
            raise InputError(f"{where}.{name}: must be a text")


def _check_time(where: str, value: Any) -> None:
    try:
        seconds_of(value)
    except (ValueError, AttributeError, TypeError) as error:
        raise InputError(f"{where}: {value!r} is not an ISO 8601 time") from error
