"""Events of a span of time -> which objects of a stream they say have changed.

An event's payload keeps the shape of the API version it was born with and is never expanded, so
events mostly say *what* changed, not *how it looks now*. Several events of one object make one
change, dated by the latest.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.listing import Listing, ListReader
from source_stripe_saas.api.raw_object import ListedObject, StripeObject, as_dict
from source_stripe_saas.api.refusal import EventsForgotten, UnexpectedContent
from source_stripe_saas.streams.plan import EVENTS_KEPT_DAYS
from source_stripe_saas.streams.spans import Span

_DAY_SECONDS = 86_400

_TYPES_PER_REQUEST = 20
"""Stripe takes no more event types in one request."""


def type_groups(types: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Event types as Stripe takes them: twenty at a time."""
    firsts = range(0, len(types), _TYPES_PER_REQUEST)
    return [types[first : first + _TYPES_PER_REQUEST] for first in firsts]


def feed_events(
    client: StripeClient, types: tuple[str, ...], span: Span, *, must_reach: bool = False
) -> Iterator[StripeObject]:
    """All events of some types in a span of seconds, newest first within twenty types.

    Args:
        client: asks Stripe.
        types: of the events.
        span: first and last second.
        must_reach: the span must still be kept in full once its last page has been read.

    Raises:
        EventsForgotten: it is not: reading took too long.
    """
    for some in type_groups(types):
        listing = Listing("events", params=[("types[]", name) for name in some])
        moment = None
        for page in ListReader(client, listing, lo=span[0], hi=span[1]).pages():
            yield from map(_understood, page.objects)
            moment = page.moment
        if must_reach and moment is not None and span[0] < moment - EVENTS_KEPT_DAYS * _DAY_SECONDS:
            raise EventsForgotten(
                "events",
                f"reading took so long that events from {day_of(span[0])} were over "
                f"{EVENTS_KEPT_DAYS} days old, and gone, before they could be read",
            )


def day_of(moment: int) -> str:
    """A moment for people.

    Args:
        moment: Unix seconds.
    """
    return datetime.fromtimestamp(moment, tz=timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _understood(row: ListedObject) -> StripeObject:
    """An event as a dict.

    Raises:
        UnexpectedContent: it shows no object; to pass it over would lose a change.
    """
    event = as_dict(row)
    data = event.get("data")
    is_whole = isinstance(data, dict) and isinstance(data.get("object"), dict)
    if not is_whole or not isinstance(event.get("type"), str):
        raise UnexpectedContent("events", f"the event {event['id']} shows no object or no type")
    return event
