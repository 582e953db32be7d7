"""Of a deleted object only that is told which still means what today's schema says."""

import pytest

from source_stripe_saas.api.transport import STRIPE_VERSION
from source_stripe_saas.streams.last_known import last_known
from unit_tests.builders import OLD_VERSION

SCHEMA = {
    "properties": {
        "id": {"type": "string"},
        "name": {"type": ["null", "string"]},
        "amount": {"type": ["null", "integer"]},
        "rate": {"type": ["null", "number"]},
        "active": {"type": ["null", "boolean"]},
        "address": {"type": ["null", "object"]},
        "tags": {"type": ["null", "array"]},
        "metadata": {"type": ["null", "object"]},
    }
}
PAYLOAD = {
    "id": "th_1",
    "name": None,
    "amount": 5,
    "rate": 5,
    "active": True,
    "address": {"line1": "x"},
    "tags": ["a"],
    "metadata": {"k": "v"},
    "forgotten": 1,
}


def test_a_payload_of_the_pinned_version_is_kept_whole():
    kept = last_known(PAYLOAD, STRIPE_VERSION, SCHEMA)
    assert kept == PAYLOAD
    assert kept is not PAYLOAD


@pytest.mark.parametrize("version", [OLD_VERSION, None])
def test_of_another_version_plain_values_and_metadata_are_kept(version):
    assert last_known(PAYLOAD, version, SCHEMA) == {
        "id": "th_1",
        "name": None,
        "amount": 5,
        "rate": 5,
        "active": True,
        "metadata": {"k": "v"},
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [("amount", "5"), ("amount", 5.5), ("amount", True), ("name", {"first": "x"}), ("active", 1)],
)
def test_a_value_of_another_type_than_todays_is_left_out(name, value):
    assert last_known({name: value}, OLD_VERSION, SCHEMA) == {}
