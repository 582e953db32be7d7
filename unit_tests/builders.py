"""The smallest valid things: settings, plans, objects, events. A test adds what it is about."""

from source_stripe_saas.api.access import STRIPE_URL, Access
from source_stripe_saas.api.transport import STRIPE_VERSION
from source_stripe_saas.config.settings import Settings, parse_settings
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.plans import load_plans

PLANS = load_plans()
"""The manifest's streams."""

NOW = 1_750_000_000
"""2025-06-15T15:06:40Z"""
DAY = 86_400

OLD_VERSION = "2022-11-15"


def some_access(key="rk_test_1", url=STRIPE_URL, **caps) -> Access:
    return Access(key, url, **caps)


def some_settings(**config) -> Settings:
    return parse_settings({"client_secret": "rk_test_1", **config})


def a_plan(**fields) -> StreamPlan:
    """A stream that lists `things` and follows their events."""
    return StreamPlan(
        **{
            "name": "things",
            "primary_key": ("id",),
            "object": "thing",
            "permission": "thing_read",
            "path": "things",
            "get_path": "things/{id}",
            "events": ("thing.created", "thing.updated", "thing.deleted"),
            "deletion_events": ("thing.deleted",),
            **fields,
        }
    )


def a_thing(number, created=NOW, **fields):
    return {"id": f"th_{number}", "object": "thing", "created": created, **fields}


def an_event(subject, type="thing.updated", created=NOW, version=STRIPE_VERSION, **data):
    """An event about an object; `data` holds what stands beside the object."""
    return {
        "id": f"evt_{type}_{subject.get('id')}_{created}",
        "object": "event",
        "type": type,
        "created": created,
        "api_version": version,
        "data": {"object": subject, **data},
    }


def a_list(*entries, url="/v1/things", has_more=False):
    return {"object": "list", "url": url, "has_more": has_more, "data": list(entries)}
