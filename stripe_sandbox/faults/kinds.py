"""What can go wrong, by name; `NAME=RATE` in, rates out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

INSTEAD = {
    "global_rate": "429, the account's limit",
    "global_concurrency": "429, too many requests of the account at once",
    "endpoint_rate": "429, the endpoint's limit",
    "endpoint_concurrency": "429, too many requests to the endpoint at once",
    "resource_specific": "429, a limit of the object's own",
    "lock_429": "429 without a reason: an object is locked",
    "lock_timeout": "409, an object stayed locked",
    "status_500": "500",
    "status_502": "502, in a gateway's HTML",
    "status_503": "503",
    "status_504": "504, in a gateway's HTML",
    "no_list": "200 with valid JSON that is nothing of Stripe's",
    "proxy_html": "200 with a proxy's HTML page",
    "duplicate_page": "a list's former page once more",
    "empty_page": "an empty page that says that there is more",
}
"""Answers that come instead of the right one."""

ON_THE_WIRE = {
    "refused": "the connection breaks, and new ones are refused for a moment",
    "reset": "the connection is reset before the reply",
    "reset_in_body": "the connection is reset in the middle of the reply's body",
    "cut_short": "the body ends early, its Content-Length is right",
    "cut_as_declared": "the body ends early, and its Content-Length says so too",
    "slow_body": "the body trickles in",
}
"""Good replies that do not arrive as they should."""

LIFE = {
    "time_passes": "the account's clock moves on by up to ten minutes, and things happen",
    "created_meanwhile": "an object is created while a list is read",
    "changed_meanwhile": "an object is changed while a list is read",
    "deleted_meanwhile": "an object is deleted while a list is read",
    "page_end_deleted": "a page's last object is deleted before the next page is asked for",
    "events_in_one_second": "an object changes three times in one second",
}
"""What happens to the account while it is read."""

EVENTS = {
    "late_events": "events show up as much as 60 seconds late",
    "events_twice": "a change makes two events",
    "events_out_of_order": "events of one second stand in the list in another order",
    "unsent_events": "the creation of an object makes no event",
    "charge_refunded_alone": "a new refund makes no event but `charge.refunded`",
}
"""The share of events that are not as one would like; which ones, the seed says."""

OBJECTS = {
    "refusing_children": "an object's own lists are refused: 400, or 403 without a permission",
    "refusing_objects": "a GET of an object by id is refused with 400",
}
"""The share of objects that cannot be read while the switch is on; which ones, the seed says."""

OTHER = {
    "clock_differs": "a reply's Date is as much as ten minutes behind the account's clock",
    "slow_endpoint": "one endpoint (see `slow_path`) answers very slowly",
    "key_revoked": "the key is revoked, until the keys are restored",
    "permission_withdrawn": "the key loses the permission asked for, until the keys are restored",
}

KINDS: Mapping[str, str] = {**INSTEAD, **ON_THE_WIRE, **LIFE, **EVENTS, **OBJECTS, **OTHER}
"""Every kind of fault and what it does."""


@dataclass(frozen=True)
class FaultOptions:
    """Which faults, how often, and how bad."""

    rates: Mapping[str, float] = field(default_factory=dict)
    """Kind -> chance that it hits a request that it can hit, 0 to 1."""
    seed: int = 0
    slow_seconds: float = 5.0
    """How long a slow body or a slow endpoint takes."""
    slow_path: str = "/v1/invoices"
    """The slow endpoint, as the specification writes it."""
    refused_seconds: float = 0.2
    """How long new connections are refused."""

    def __post_init__(self) -> None:
        """Refuses what is not a kind or not a rate.

        Raises:
            ValueError: a name or a number cannot be used.
        """
        for name, rate in self.rates.items():
            if name not in KINDS:
                raise ValueError(f"there is no fault '{name}'; there are {', '.join(KINDS)}")
            if not 0 <= rate <= 1:
                raise ValueError(f"the rate of '{name}' must be between 0 and 1, not {rate}")


def parse_rates(texts: Iterable[str]) -> dict[str, float]:
    """`["reset=0.1"]` -> `{"reset": 0.1}`; `all=RATE` stands for all that end by themselves.

    Raises:
        ValueError: a text has another form.
    """
    rates: dict[str, float] = {}
    for text in texts:
        name, separator, number = text.partition("=")
        try:
            rate = float(number) if separator else 0.1
        except ValueError:
            raise ValueError(f"'{text}' is not a fault with a rate; write NAME=RATE") from None
        names = PASSING if name == "all" else (name,)
        rates.update(dict.fromkeys(names, rate))
    return rates


LASTING = ("key_revoked", "permission_withdrawn", *OBJECTS)
"""Faults that end with their switch alone: a sync under them says that it is incomplete."""

PASSING = tuple(name for name in KINDS if name not in LASTING)
"""Faults that end by themselves."""
