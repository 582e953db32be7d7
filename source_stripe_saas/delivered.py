"""Events that were delivered -> records of the objects that they name, as they are now.

A delivery is taken at its word for nothing but which event to ask for: the event, and then the
objects, come from Stripe. What is made of them is made by the streams' own consumers of the change
feed, so that records have the shape, the limits and the refusals of a sync. No state moves.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.raw_object import StripeObject
from source_stripe_saas.api.refusal import KeyRefused, Refusal, StripeError, Unreachable
from source_stripe_saas.config import resources
from source_stripe_saas.config.settings import Settings
from source_stripe_saas.connection.account import access_of, open_account
from source_stripe_saas.connection.oauth import tokens_of
from source_stripe_saas.engine.page import Page, PageFormat, redactions_of
from source_stripe_saas.streams.clocks import TestClocks
from source_stripe_saas.streams.feed import feed_events, what_is_odd
from source_stripe_saas.streams.feed_pass import follow_up
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.stream_consumer import StreamConsumer
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch, Task

_FEW = 4
"""So many events are asked for one by one; of more, lists bring a hundred in one request."""
_MOST_BY_ID = 100
_LISTED_SECONDS = 900
"""Events no older than this are worth a list: a late one would make it long."""
_THREADS = 8

_LOGGER = logging.getLogger("airbyte.source_stripe_saas")


@dataclass(frozen=True)
class DeliveredEvent:
    """What a delivery says of itself."""

    id: str
    type: str
    object_type: str | None = None
    object_id: str | None = None
    created: int | None = None
    """Unix seconds."""


def read_delivered(
    settings: Settings,
    plans: Mapping[str, StreamPlan],
    names: Sequence[str],
    delivered: Sequence[DeliveredEvent],
) -> Iterator[bytes]:
    """Fetches what deliveries name, and what depends on it.

    Args:
        settings: from the config, of one account.
        plans: all streams.
        names: of the streams whose records are wanted.
        delivered: the events.

    Yields:
        RECORD messages, a line each, many lines at once. What a stream may not read, or what cannot
        be had, is left out, and logged: the next sync says so.

    Raises:
        ConfigError: a setting cannot be used.
        AccountRefused: the account is not open to this key.
        StripeError: the key is refused, or Stripe cannot be reached.
    """
    client = StripeClient(access_of(settings, tokens_of(settings)))
    account = open_account(client, settings)
    clocks = TestClocks(
        client, are_included=settings.test_clocks, may_exist=settings.key_mode != "live"
    )
    consumers = []
    for name in names:
        plan = plans[name]
        if plan.derived or not plan.is_incremental:
            continue
        reader = StreamReader(
            plan,
            client,
            began=account.now,
            account_created=account.created,
            plans=dict(plans),
            test_clocks=clocks,
        )
        for each in plan.carriers or (plan,):
            # What every sync reads again is for the next sync.
            own = replace(reader, plan=replace(each, reread=(), fallback=None))
            consumers.append(StreamConsumer(own, (0, account.now), resources.schema(name), None))
    wanted = {kind for consumer in consumers for kind in consumer.plan.feed_types}
    asked = [each for each in delivered if each.type in wanted]
    for event, is_stripes in _events(client, asked, account.now):
        clocks.note(event)
        for consumer in consumers:
            consumer.note(event)
            if not is_stripes:
                _doubt(consumer, event["data"]["object"]["id"])
    page_format = PageFormat(True, redactions_of(settings, plans))
    for batch in _batches([each for each in consumers if _has_changed(each)]):
        if batch.records and (lines := Page(batch, page_format).lines):
            yield lines


def _events(
    client: StripeClient, delivered: Sequence[DeliveredEvent], now: int
) -> Iterator[tuple[StripeObject, bool]]:
    """The events as Stripe has them; those that it does not give stand in for themselves.

    Yields:
        An event, and whether Stripe gave it.
    """
    waiting = {each.id: each for each in delivered}
    recent = [
        each.created for each in delivered if each.created and each.created > now - _LISTED_SECONDS
    ]
    if len(waiting) > _FEW and recent:
        types = tuple(sorted({each.type for each in delivered}))
        for event in feed_events(client, types, (min(recent), now)):
            waiting.pop(event["id"], None)
            if what_is_odd(event) is None:
                yield event, True
    for number, each in enumerate(waiting.values()):
        found = _event(client, each.id) if number < _MOST_BY_ID else None
        if found is not None and what_is_odd(found) is None:
            yield found, True
        elif each.object_id is not None:
            shown = {"id": each.object_id, "object": each.object_type}
            created = min(each.created or now, now)
            yield (
                {"id": each.id, "type": each.type, "created": created, "data": {"object": shown}},
                False,
            )


def _stand_in(each: DeliveredEvent, now: int) -> StripeObject:
    """An event as far as a delivery tells of it."""
    shown = {"id": each.object_id, "object": each.object_type}
    created = min(each.created or now, now)
    return {"id": each.id, "type": each.type, "created": created, "data": {"object": shown}}


def _event(client: StripeClient, identity: str) -> StripeObject | None:
    try:
        return client.get(f"events/{identity}", endpoint="events/{id}").body
    except (KeyRefused, Unreachable):
        raise
    except Refusal:
        return None  # a thin event of the second API, or one that is older than 30 days


def _doubt(consumer: StreamConsumer, identity: str) -> None:
    """Has an object be fetched of which only a delivery says that it is gone."""
    for known in (consumer.changes.objects, consumer.changes.parents):
        if identity in known:
            known[identity].is_deletion = False


def _has_changed(consumer: StreamConsumer) -> bool:
    changes = consumer.changes
    return bool(changes.objects or changes.parents or changes.reread_for or changes.gone)


def _batches(consumers: Sequence[StreamConsumer]) -> Iterator[Batch]:
    """What the tasks of a pass over the feed would yield."""
    if not consumers:
        return
    begin = list(follow_up(consumers[0].reader, consumers))
    tasks: list[Task] = [task for batch in begin for task in batch.spawned]
    with ThreadPoolExecutor(_THREADS) as threads:
        while tasks:
            done = list(threads.map(_done, tasks))
            tasks = [task for batches in done for batch in batches for task in batch.spawned]
            for batches in done:
                yield from batches


def _done(task: Task) -> list[Batch]:
    batches: list[Batch] = []
    try:
        batches.extend(task.read())
    except (KeyRefused, Unreachable):
        raise
    except StripeError as error:
        _LOGGER.warning(f"{', '.join(task.serves)}: {error}")
    return batches
