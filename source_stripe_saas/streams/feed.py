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
from source_stripe_saas.api.raw_object import StripeObject, as_dict
from source_stripe_saas.api.refusal import EventsForgotten
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

    Each has an id; whether it shows an object is for `what_is_odd` to say.

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
            yield from map(as_dict, page.objects)
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


def what_is_odd(event: StripeObject) -> str | None:
    """Why nothing can be made of an event; None for one that can be read.

    To pass over the others without a word would lose a change.
    """
    data = event.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("object"), dict):
        return "the event shows no object"
    if not isinstance(event.get("type"), str):
        return "the event has no type"
    return None if type(event.get("created")) is int else "the event has no time"
