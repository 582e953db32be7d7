"""Content that JSON allows and few expect arrives as it was sent, by every way of reading."""

import json
from urllib.parse import unquote

import pytest

from integration_tests.connector import Run
from integration_tests.soak.running import Nursery
from integration_tests.soak.soak import CALM, discovered
from integration_tests.world import a_world
from stripe_sandbox.server.calls import Reply

AWKWARD_ID = "cus a/b%20?#ü"
NESTED = '{"a":' * 500 + "1" + "}" * 500

VALUES = {
    "every plane": '"é 漢 🦓 \U0001ffff \U00020000 \U000e0001 \U0010ffff"',
    "escaped planes": json.dumps("é 漢 🦓 \U0010ffff"),
    "a lone surrogate": r'"\ud800"',
    "surrogates in the wrong order": r'"\udc00\ud800"',
    "a NUL": r'"a\u0000b"',
    "newlines": r'"a\nb\r\nc"',
    "line separators": '"a\u2028b\u2029c\u0085"',
    "what looks like a record": r'"}\n{\"type\":\"STATE\"}"',
    "64 bits": "9223372036854775807",
    "unsigned 64 bits": "18446744073709551615",
    "more than 64 bits": "123456789012345678901234567890",
    "less than 64 bits": "-123456789012345678901234567890",
    "12 places": "0.123456789012",
    "12 places as text": '"1234567.123456789012"',
    "500 levels": NESTED,
    "500 levels and a lone surrogate": f'[{NESTED},"\\ud800"]',
    "a big integer and a lone surrogate": r'[18446744073709551616,"\ud800"]',
}


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    with Nursery(tmp_path_factory.mktemp("nursery")) as running:
        yield running


@pytest.fixture(scope="module")
def streams(nursery, tmp_path_factory):
    return discovered(nursery, tmp_path_factory.mktemp("discovered"))


class Hostile:
    """A hook that answers for customers with objects made of text."""

    def __init__(self):
        self.now = 0
        self.encoding = "utf-8"
        self.customers = {}
        self.versions = {}
        """Id -> API version of its event."""

    def put(self, identity, value, version=None):
        text = (
            f'{{"id": {json.dumps(identity)}, "object": "customer", "created": {self.now - 9_000},'
            f' "metadata": {{"value": {value}}}, "livemode": false}}'
        )
        self.customers[identity] = text
        if version is not None:
            self.versions[identity] = version

    async def __call__(self, call, proceed):
        if call.route.path == "/v1/customers":
            return self._list(list(self.customers.values()))
        if call.route.path == "/v1/customers/{customer}":
            return self._reply(self.customers[unquote(call.raw_path.rpartition("/")[2])])
        if call.route.path == "/v1/events":
            return self._list([self._event(*pair) for pair in self.versions.items()])
        return await proceed(call)

    def _event(self, identity, version):
        return (
            f'{{"id": "evt_{len(identity)}{abs(hash(identity))}", "object": "event", "created": '
            f'{self.now - 100}, "type": "customer.updated", "api_version": "{version}", '
            f'"data": {{"object": {self.customers[identity]}}}}}'
        )

    def _list(self, texts):
        listed = ", ".join(texts)
        return self._reply(f'{{"object": "list", "has_more": false, "data": [{listed}]}}')

    def _reply(self, text):
        return Reply(200, text.encode(self.encoding))


@pytest.fixture
def hostile(tmp_path, streams):
    hook = Hostile()
    with a_world(tmp_path, "samples", serving={"hooks": (hook,)}) as world:
        world.connector._streams = list(streams)
        hook.now = world.truth.now
        hook.world = world
        yield hook


def read(hostile, nursery, states=(), **settings):
    connector = hostile.world.connector
    connector.config = {**connector.config, **settings}
    arguments = connector.read_arguments(states, ["customers"])
    ended = nursery.run(arguments, CALM)
    return ended, {
        message["record"]["data"]["id"]: message["record"]["data"]
        for message in ended.messages
        if message["type"] == "RECORD"
    }


def state(second):
    descriptor = {"name": "customers"}
    stream = {"stream_descriptor": descriptor, "stream_state": {"updated": second}}
    return [{"type": "STREAM", "stream": stream}]


def test_odd_values_arrive_as_sent_from_lists_from_events_and_from_fetches(hostile, nursery):
    for name, value in VALUES.items():
        hostile.put(f"listed {name}", value)
        hostile.put(f"shown {name}", value, "2026-05-27.dahlia")
        hostile.put(f"fetched {name}", value, "2020-08-27")
    hostile.put(AWKWARD_ID, '"x"', "2020-08-27")
    # A later read lists what is new, besides asking what changed.
    for states in ((), state(hostile.now - 5_000)):
        ended, records = read(hostile, nursery, states)
        assert ended.code == 0, ended.errors
        assert ended.errors == ""
        assert len(records) == 3 * len(VALUES) + 1
        for identity, record in records.items():
            sent = json.loads(hostile.customers[identity])
            assert record["metadata"] == sent["metadata"], identity


@pytest.mark.parametrize("action", ["hash", "drop"])
def test_odd_values_arrive_as_sent_where_other_fields_are_taken_out(hostile, nursery, action):
    for name, value in VALUES.items():
        hostile.put(f"listed {name}", value)
        hostile.put(f"shown {name}", value, "2026-05-27.dahlia")
    kept = {"personal_data": action, "personal_data_by_class": {"metadata": "keep"}}
    ended, records = read(hostile, nursery, personal_data_key="k" * 32, **kept)
    assert ended.code == 0, ended.errors
    assert ended.errors == ""
    for identity, record in records.items():
        sent = json.loads(hostile.customers[identity])
        assert record["metadata"] == sent["metadata"], identity
    assert len(records) == 2 * len(VALUES)


@pytest.mark.parametrize("action", ["hash", "drop"])
def test_odd_values_can_be_hashed_and_dropped_themselves(hostile, nursery, action):
    for name, value in VALUES.items():
        hostile.put(f"listed {name}", value)
    ended, records = read(hostile, nursery, personal_data=action, personal_data_key="k" * 32)
    assert ended.code == 0, ended.errors
    assert ended.errors == ""
    assert len(records) == len(VALUES)
    if action == "drop":
        assert all(record["metadata"] is None for record in records.values())
    else:
        assert len(records["listed a lone surrogate"]["metadata"]["value"]) == 64


def test_an_odd_value_does_not_touch_its_neighbours_text(hostile, nursery):
    hostile.put("cus_plain", '"1.10"')
    hostile.put("cus_odd", VALUES["a lone surrogate"])
    _, records = read(hostile, nursery)
    assert records["cus_plain"]["metadata"] == {"value": "1.10"}


def test_duplicate_keys_stay_one_valid_line(hostile, nursery):
    hostile.put("cus_1", '{"a": 1, "a": 2}', "2020-08-27")
    for states in ((), state(hostile.now - 5_000)):
        ended, records = read(hostile, nursery, states)
        assert ended.code == 0
        assert records["cus_1"]["metadata"]["value"] == {"a": 2}


def test_an_object_of_20_mb_passes(hostile, nursery):
    hostile.put("cus_1", json.dumps("x" * 20_000_000), "2020-08-27")
    for states in ((), state(hostile.now - 5_000)):
        ended, records = read(hostile, nursery, states)
        assert ended.code == 0
        assert len(records["cus_1"]["metadata"]["value"]) == 20_000_000


@pytest.mark.parametrize(
    "value",
    ['"a\nb"', "NaN", "[1,]", '"\\x"', '"\xff"', "[" * 100_000 + "]" * 100_000],
    ids=["raw newline", "NaN", "comma", "escape", "latin", "endless nesting"],
)
def test_what_is_no_json_ends_in_a_clear_error(hostile, nursery, value):
    hostile.put("cus_1", value)
    if value == '"\xff"':
        hostile.encoding = "latin-1"
    ended, records = read(hostile, nursery)
    assert ended.code == 1
    assert records == {}
    [error] = Run(ended.code, ended.messages).errors
    assert "the reply is not a Stripe list" in error["message"]
    assert "Traceback" not in ended.errors
