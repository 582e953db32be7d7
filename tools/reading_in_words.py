"""A stream's plan -> a few sentences that say how the stream is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from source_stripe_saas.streams.plan import StreamPlan, Touch


def reading_in_words(plan: StreamPlan) -> str:
    """How a stream is read first and how later syncs catch up, as Markdown of one line."""
    sentences = _child(plan) if plan.parent else _own(plan)
    return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences)


def _own(plan: StreamPlan) -> Iterator[str]:
    if plan.derived:
        yield "worked out of subscriptions, invoices and their items, prices, coupons and customers"
        yield "later from the change feed, the list of live subscriptions and the clock"
        return
    if plan.carriers:
        yield "taken out of " + _joined(
            f"`{each.carrier}` ({_joined(f'`{field}`' for field in each.carried_at)})"
            for each in plan.carriers
        )
        yield "Later for each of these that the change feed names"
        return
    if plan.single:
        yield "one object, read on every sync"
        return
    if not plan.is_incremental:
        yield "listed whole on every sync"
        return
    first = "windows of `created`" if plan.created_filter else "the whole list"
    yield f"{first}, then the change feed" if plan.feed_types else first
    if plan.params:
        yield f"listed with {_filters(plan.params)}"
    if len(plan.variants) > 1:
        yield f"listed with {_joined(_filters(variant) for variant in plan.variants)}"
    if plan.fallback:
        parent = _one(plan.fallback[0])
        yield f"where Stripe refuses the list or it is empty, one request per {parent}"
    if plan.touched_by:
        yield f"fetched again after {_families(plan.touched_by)} too"
    again = list(_again(plan))
    if again:
        yield f"every sync lists again {_joined(again)}"
    if plan.completes:
        yield f"{_joined(f'`{name}`' for name in plan.completes)} read to the end"
    if plan.keeps_days:
        yield f"Stripe keeps {plan.keeps_days} days"


def _again(plan: StreamPlan) -> Iterator[str]:
    """What a later sync lists again, since not every change makes an event."""
    if plan.lookback_days:
        yield "the last day" if plan.lookback_days == 1 else f"the last {plan.lookback_days} days"
    if plan.open_while:
        yield f"what still had {_conditions(plan.open_while)}"
    for filters in plan.reread:
        yield f"those with {_filters(filters)}"
    if plan.reread_for and plan.reread_for.named_by:
        events = _joined(f"`{name}`" for name in plan.reread_for.events)
        yield f"those of each {plan.reread_for.filter} that {events} names and none was seen of"
    elif plan.reread_for:
        yield f"those of each changed {plan.reread_for.filter}"


def _child(plan: StreamPlan) -> Iterator[str]:
    assert plan.parent is not None
    parents = f"`{plan.parent.name}`"
    if plan.embedded:
        how = " (expanded)" if plan.embedded in plan.expand else ""
        yield f"comes inside {parents}, as `{plan.embedded}`{how}, each list read to its end"
    else:
        yield f"one request per {_one(plan.parent.name)}"
    if plan.only_parents:
        yield f"asked only for {parents} with {_conditions(plan.only_parents)}"
    if not plan.is_incremental:
        yield "read whole on every sync"
    elif plan.events:
        yield "then the change feed"
    else:
        touches = _families(plan.parent_touched_by)
        yield f"later for each {_one(plan.parent.name)} named by {touches}"


def _families(touches: Iterable[Touch]) -> str:
    """Event types in short: more than two of one object as `invoice.*`."""
    families: dict[str, set[str]] = {}
    for name in (name for touch in touches for name in touch.events):
        families.setdefault(name.rsplit(".", 1)[0], set()).add(name)
    shown: list[str] = []
    for family, names in sorted(families.items()):
        shown += [f"{family}.*"] if len(names) > 2 else sorted(names)
    return _joined(f"`{name}`" for name in shown)


def _filters(filters: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"`{name}={value}`" for name, value in filters)


def _conditions(conditions: Iterable[tuple[str, tuple[Any, ...]]]) -> str:
    return _joined(
        f"`{name}` {' or '.join(f'`{str(value).lower()}`' for value in values)}"
        for name, values in conditions
    )


def _joined(parts: Iterable[str]) -> str:
    *head, last = list(parts)
    return f"{', '.join(head)} and {last}" if head else last


def _one(stream: str) -> str:
    """A stream's name for one of its records: `setup_intents` -> setup intent."""
    return stream.replace("_", " ").removesuffix("s")
