"""Changes that make no event, and that looking back or reading again brings all the same."""

import pytest

from integration_tests.destination import Destination
from integration_tests.world import a_world

HOUR = 3_600
MARK = {"changed": "without an event"}
AGAIN = {"changed": "once more"}


def youngest_payment_intent(store):
    """One as old as the look-back reaches; the account itself holds none that is young enough."""
    old = next(iter(store.contents("payment_intent")))
    store.put({**old, "id": "pi_young", "created": store.now - 47 * HOUR})
    return store.get("payment_intent", "pi_young")


def oldest(name, is_covered):
    def chosen(store):
        rows = [row for row in store.contents(name) if is_covered(row, store.now)]
        return min(rows, key=lambda row: row.get("created") or row.get("date"))

    return chosen


def with_status(name, status):
    return oldest(name, lambda row, now: row["status"] == status)


def is_young(row, now):
    return row["created"] > now - 48 * HOUR


# Case -> (stream, the account's object to edit: the one that is hardest to reach)
EDITS = {
    "a young payment intent": ("payment_intents", youngest_payment_intent),
    "a young setup intent": ("setup_intents", oldest("setup_intent", is_young)),
    "a young top-up": ("top_ups", oldest("topup", is_young)),
    "an open checkout session": ("checkout_sessions", with_status("checkout.session", "open")),
    "a pending invoice item": (
        "invoice_items",
        oldest("invoiceitem", lambda row, now: row["invoice"] is None),
    ),
    "an item of an invoice that changes": (
        "invoice_items",
        oldest("invoiceitem", lambda row, now: row["invoice"] is not None),
    ),
    "a charge whose dispute changes": (
        "charges",
        lambda store: store.get("charge", next(iter(store.contents("dispute")))["charge"]),
    ),
    "a draft quote": ("quotes", with_status("quote", "draft")),
    "an open quote": ("quotes", with_status("quote", "open")),
    "any shipping rate": ("shipping_rates", oldest("shipping_rate", lambda row, now: True)),
    "any file link": ("file_links", oldest("file_link", lambda row, now: True)),
}
STREAMS = sorted(
    {stream for stream, _ in EDITS.values()}
    | {"balance_transactions", "checkout_sessions_line_items"}
)


def announce(world, kind, content):
    """Makes an event of an object, late enough to be new and early enough to be read."""
    store = world.account.store
    store.put(
        {
            "id": f"evt_{kind.replace('.', '_')}",
            "object": "event",
            "api_version": "2022-11-15",
            "created": store.now - 120,
            "data": {"object": content},
            "livemode": store.livemode,
            "pending_webhooks": 0,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
    )


class Silence:
    """A read, silent changes, a read, further ones, a read."""

    def __init__(self, world):
        store, lock = world.account.store, world.account.lock
        destination = Destination(world.connector.streams)
        self.chosen = {case: choose(store) for case, (_, choose) in EDITS.items()}
        self.pending = oldest("balance_transaction", lambda r, _: r["status"] == "pending")(store)
        destination.receive(world.connector.read((), STREAMS).messages)
        world.advance(0.01)
        with lock:
            for content in self.chosen.values():
                store.put({**content, "metadata": MARK})
            store.put({**self.pending, "status": "available"})
            session = self.chosen["an open checkout session"]
            store.put({**session, "id": "cs_test_new", "created": store.now - HOUR // 6})
            line = next(iter(store.contents("item")))
            store.put({**line, "id": "li_new"}, parent="cs_test_new")
            item = self.chosen["an item of an invoice that changes"]
            announce(world, "invoice.updated", store.get("invoice", item["invoice"]))
            announce(world, "charge.dispute.updated", next(iter(store.contents("dispute"))))
        self.run = world.connector.read(destination.states, STREAMS)
        destination.receive(self.run.messages)
        with lock:
            store.put({**session, "metadata": AGAIN})
            store.put({**session, "id": "cs_test_new", "metadata": AGAIN})
        self.second_run = world.connector.read(destination.states, STREAMS)


@pytest.fixture(scope="module")
def silence(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("silence"), "samples") as world:
        yield Silence(world)


def record_of(run, stream, identity):
    run.assert_complete()
    found = [record for record in run.records[stream] if record["id"] == identity]
    assert len(found) == 1, f"{identity} was emitted {len(found)} times"
    return found[0]


@pytest.mark.parametrize("case", EDITS)
def test_a_silent_edit_arrives_with_the_next_read_of(silence, case):
    record = record_of(silence.run, EDITS[case][0], silence.chosen[case]["id"])
    assert record["metadata"] == MARK


def test_a_balance_transaction_that_became_available_arrives(silence):
    record = record_of(silence.run, "balance_transactions", silence.pending["id"])
    assert record["status"] == "available"


def test_a_checkout_session_that_was_opened_without_an_event_arrives_with_its_lines(silence):
    assert record_of(silence.run, "checkout_sessions", "cs_test_new")["status"] == "open"
    line = record_of(silence.run, "checkout_sessions_line_items", "li_new")
    assert line["checkout_session"] == "cs_test_new"


def test_open_checkout_sessions_are_read_again_as_long_as_they_are_open(silence):
    for identity in (silence.chosen["an open checkout session"]["id"], "cs_test_new"):
        assert record_of(silence.second_run, "checkout_sessions", identity)["metadata"] == AGAIN
