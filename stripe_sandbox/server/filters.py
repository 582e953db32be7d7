"""List parameters in; what they select out: an index to start from and conditions on each row.

A parameter that is not named here compares with the field of its own name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from stripe_sandbox.refusals import bad_request
from stripe_sandbox.server.query import Parameters
from stripe_sandbox.shelf import id_of, value_at
from stripe_sandbox.store import StripeObject

Condition = Callable[[StripeObject], bool]
Related = Callable[[str, str], list[StripeObject]]
"""(object name, parent id) -> the parent's children."""

PAGING = frozenset({"limit", "starting_after", "ending_before", "expand", "created"})
MAX_EVENT_TYPES = 20

PATHS: dict[tuple[str, str], str] = {
    ("invoice", "subscription"): "parent.subscription_details.subscription",
    ("promotion_code", "coupon"): "promotion.coupon",
}
"""(object name, parameter) -> the dotted path it compares with, where that is not its name."""


@dataclass
class Selection:
    """What a list request selects, before paging."""

    equal: list[tuple[str, Any]] = field(default_factory=list)
    """(dotted path, value): answered from an index."""
    conditions: list[Condition] = field(default_factory=list)
    ids: list[str] | None = None
    """Only these ids, if given."""


def select(name: str, parameters: Parameters, related: Related) -> Selection:
    """Turns a list's parameters into a selection.

    Args:
        name: object name of the list's entries.
        parameters: checked parameters, without those already used to find the parent.
        related: looks up children, for filters on them.

    Raises:
        Refusal: parameters contradict each other.
    """
    selection = Selection()
    for parameter, value in parameters.items():
        if parameter in PAGING:
            continue
        special = SPECIAL.get((name, parameter))
        if special is not None:
            special(selection, value, related)
            continue
        path = PATHS.get((name, parameter), parameter)
        if isinstance(value, dict):
            selection.conditions.append(in_range(path, value))
        elif isinstance(value, str):
            selection.equal.append((path, value))
        else:
            selection.conditions.append(equals(path, value))
    for parameter, condition in DEFAULTS.get(name, {}).items():
        is_scoped = parameter == "test_clock" and "customer" in parameters
        if parameter not in parameters and not is_scoped:
            selection.conditions.append(condition)
    return selection


def equals(path: str, value: Any) -> Condition:
    """The field at `path` has this value."""
    keys = path.split(".")
    return lambda content: id_of(value_at(content, keys)) == value


def in_range(path: str, bounds: dict[str, Any]) -> Condition:
    """The field at `path` lies within `gt`, `gte`, `lt`, `lte`; deeper keys compare as fields."""
    keys = path.split(".")

    def condition(content: StripeObject) -> bool:
        value = value_at(content, keys)
        if isinstance(value, dict):
            return all(value.get(key) == wanted for key, wanted in bounds.items())
        return value is not None and within(value, bounds)

    return condition


def within(value: int, bounds: dict[str, int]) -> bool:
    """Whether a number satisfies all given bounds."""
    return (
        value >= bounds.get("gte", value)
        and value <= bounds.get("lte", value)
        and ("gt" not in bounds or value > bounds["gt"])
        and ("lt" not in bounds or value < bounds["lt"])
    )


def _event_type(selection: Selection, value: str, related: Related) -> None:
    if "*" in value:
        selection.conditions.append(lambda event: fnmatchcase(event["type"], value))
    else:
        selection.equal.append(("type", value))


def _event_types(selection: Selection, value: list[str], related: Related) -> None:
    if len(value) > MAX_EVENT_TYPES:
        raise bad_request(
            f"Array types exceeded maximum {MAX_EVENT_TYPES} allowed elements.", param="types"
        )
    wanted = frozenset(value)
    selection.conditions.append(lambda event: event["type"] in wanted)


def _delivered(selection: Selection, value: bool, related: Related) -> None:
    selection.conditions.append(lambda event: (event["pending_webhooks"] == 0) == value)


def _subscription_status(selection: Selection, value: str, related: Related) -> None:
    if value == "ended":
        selection.conditions.append(lambda s: s["status"] in ("canceled", "incomplete_expired"))
    elif value != "all":
        selection.equal.append(("status", value))


def _subscription_price(selection: Selection, value: str, related: Related) -> None:
    def holds(subscription: StripeObject) -> bool:
        items = related("subscription_item", subscription["id"])
        return any(id_of(item.get("price")) == value for item in items)

    selection.conditions.append(holds)


def _period(path: str) -> Callable[[Selection, Any, Related], None]:
    def add(selection: Selection, value: Any, related: Related) -> None:
        bounds = value if isinstance(value, dict) else {"gte": value, "lte": value}

        def holds(subscription: StripeObject) -> bool:
            items = related("subscription_item", subscription["id"])
            return any(within(item[path], bounds) for item in items)

        selection.conditions.append(holds)

    return add


def _pending(selection: Selection, value: bool, related: Related) -> None:
    selection.conditions.append(lambda item: (item.get("invoice") is None) == value)


def _lookup_keys(selection: Selection, value: list[str], related: Related) -> None:
    if len(value) > 10:
        raise bad_request("You can specify up to 10 lookup_keys.", param="lookup_keys")
    wanted = frozenset(value)
    selection.conditions.append(lambda price: price.get("lookup_key") in wanted)


def _ids(selection: Selection, value: list[str], related: Related) -> None:
    selection.ids = value


def _archived(selection: Selection, value: bool, related: Related) -> None:
    selection.conditions.append(lambda feature: feature["active"] != value)


def _scheduled(selection: Selection, value: bool, related: Related) -> None:
    if value:
        selection.conditions.append(lambda schedule: schedule["status"] == "not_started")


def _owner(selection: Selection, value: dict[str, str], related: Related) -> None:
    if value.get("type") == "customer":
        selection.conditions.append(
            lambda tax_id: (
                value.get("customer", tax_id.get("customer")) == tax_id.get("customer")
                and tax_id.get("customer") is not None
            )
        )
    else:
        selection.conditions.append(_owned_by_account)


def _owned_by_account(tax_id: StripeObject) -> bool:
    return tax_id.get("customer") is None


def _without_clock(content: StripeObject) -> bool:
    return content.get("test_clock") is None


SPECIAL: dict[tuple[str, str], Callable[[Selection, Any, Related], None]] = {
    ("entitlements.feature", "archived"): _archived,
    ("event", "delivery_success"): _delivered,
    ("event", "type"): _event_type,
    ("event", "types"): _event_types,
    ("invoiceitem", "pending"): _pending,
    ("price", "lookup_keys"): _lookup_keys,
    ("product", "ids"): _ids,
    ("subscription", "current_period_end"): _period("current_period_end"),
    ("subscription", "current_period_start"): _period("current_period_start"),
    ("subscription", "price"): _subscription_price,
    ("subscription", "status"): _subscription_status,
    ("subscription_schedule", "scheduled"): _scheduled,
    ("tax_id", "owner"): _owner,
}
"""(object name, parameter) -> what it does, where that is more than comparing a field."""

DEFAULTS: dict[str, dict[str, Condition]] = {
    "customer": {"test_clock": _without_clock},
    "payment_method": {"type": lambda method: method["type"] != "custom"},
    "price": {"active": lambda price: price["active"] is True},
    "quote": {"test_clock": _without_clock},
    "review": {"": lambda review: review["open"] is True},
    "subscription": {
        "status": lambda subscription: subscription["status"] != "canceled",
        "test_clock": _without_clock,
    },
}
"""Object name -> what its lists leave out unless the named parameter is sent."""
