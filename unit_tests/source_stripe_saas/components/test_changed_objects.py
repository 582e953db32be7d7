"""A page of events, as the objects that they changed."""

import json

import requests

from source_stripe_saas.components.changed_objects import ChangedObjects


def page(*events):
    response = requests.Response()
    response.status_code = 200
    response._content = json.dumps({"data": list(events), "has_more": False}).encode()
    return response


def event(type, created, **changed):
    return {"type": type, "created": created, "data": {"object": changed}}


EXTRACTOR = ChangedObjects(
    config={}, parameters={"object": "coupon", "deletion_events": ["coupon.deleted"]}
)


def test_an_object_gets_the_time_of_its_event_and_whether_it_is_deleted():
    records = EXTRACTOR.extract_records(
        page(
            event("coupon.deleted", 30, id="co_1", object="coupon"),
            event("coupon.updated", 20, id="co_2", object="coupon", name="New"),
        )
    )
    assert list(records) == [
        {"id": "co_1", "object": "coupon", "updated": 30, "is_deleted": True},
        {"id": "co_2", "object": "coupon", "name": "New", "updated": 20, "is_deleted": False},
    ]


def test_objects_of_another_kind_are_left_out():
    assert list(EXTRACTOR.extract_records(page(event("x", 1, id="di_1", object="discount")))) == []
