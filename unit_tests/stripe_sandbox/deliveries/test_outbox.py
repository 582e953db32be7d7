"""Events become deliveries, signed, retried, and befallen by what can befall them."""

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from stripe_sandbox.account import open_account
from stripe_sandbox.deliveries import KINDS, Endpoint, Mishaps
from stripe_sandbox.deliveries.living import Living
from stripe_sandbox.deliveries.outbox import Outbox
from stripe_sandbox.deliveries.posting import post_due
from stripe_sandbox.server import Settings, build_app
from stripe_sandbox.store import Store

HERE = Endpoint("http://127.0.0.1:1/hooks", ("whsec_new",))
NOW = 1_781_524_800
HOUR, DAY = 3600, 86_400


def an_outbox(count=3, endpoint=HERE, livemode=False, **rates):
    """An outbox of an account in which so many things have just happened."""
    store = Store(now=NOW, livemode=livemode)
    outbox = Outbox(store, "acct_own", lambda name: store.rows["event"][name].content)
    store.put(an_event("evt_before", livemode))
    outbox.add(endpoint)
    outbox.mishaps = Mishaps(rates)
    for number in range(count):
        store.put(an_event(f"evt_{number}", livemode))
    return outbox


def an_event(identity, livemode=False):
    return {
        "id": identity,
        "object": "event",
        "type": "customer.updated",
        "created": NOW,
        "livemode": livemode,
        "pending_webhooks": 0,
        "data": {"object": {"id": "cus_1", "object": "customer"}},
    }


def ids(messages):
    return [json.loads(message.body)["id"] for message in messages]


def proofs(message, now=NOW):
    fields = [part.split("=") for part in message.headers(now)["Stripe-Signature"].split(",")]
    return int(fields[0][1]), [value for name, value in fields if name == "v1"]


def proof(secret, at, body):
    return hmac.new(secret.encode(), str(at).encode() + b"." + body, hashlib.sha256).hexdigest()


def test_what_happens_after_the_endpoint_is_there_is_sent_once_in_order():
    outbox = an_outbox()
    assert ids(outbox.due()) == ["evt_0", "evt_1", "evt_2"]
    assert outbox.due() == []


def test_a_signature_is_of_time_and_body_by_each_secret():
    rolled = Endpoint(HERE.url, ("whsec_new", "whsec_old"))
    [message] = an_outbox(1, rolled).due()
    expected = [proof(secret, NOW, message.body) for secret in rolled.secrets]
    assert proofs(message) == (NOW, expected)


@pytest.mark.parametrize(("livemode", "attempts"), [(False, 3), (True, 10)], ids=["test", "live"])
def test_what_is_refused_is_tried_again_for_three_days_live_and_three_times_in_test(
    livemode, attempts
):
    outbox = an_outbox(1, livemode=livemode)
    sent = 0
    for _ in range(5 * 24 * 12):
        for message in outbox.due():
            sent += 1
            outbox.refused(message)
        outbox.store.now += 300
    assert (sent, outbox.given_up, outbox.accepted) == (attempts, 1, 0)
    assert outbox.store.get("event", "evt_0")["pending_webhooks"] == 1


def test_what_is_accepted_waits_for_nobody_any_more():
    outbox = an_outbox(1)
    [message] = outbox.due()
    assert outbox.store.get("event", "evt_0")["pending_webhooks"] == 1
    outbox.was_accepted(message)
    assert outbox.store.get("event", "evt_0")["pending_webhooks"] == 0


def test_dropped_deliveries_are_never_sent():
    outbox = an_outbox(dropped=1)
    assert outbox.due() == []
    outbox.store.now += 4 * DAY
    assert outbox.due() == []


def test_doubled_deliveries_are_the_same_twice():
    assert ids(an_outbox(2, doubled=1).due()) == ["evt_0", "evt_0", "evt_1", "evt_1"]


def test_shuffled_deliveries_are_the_same_in_another_order():
    found = ids(an_outbox(12, shuffled=1).due())
    in_order = [f"evt_{number}" for number in range(12)]
    assert found != in_order
    assert sorted(found) == sorted(in_order)


def test_late_deliveries_come_an_hour_to_two_days_later():
    outbox = an_outbox(20, late=1)
    outbox.store.now += HOUR - 1
    assert outbox.due() == []
    outbox.store.now += 2 * DAY
    assert len(outbox.due()) == 20


@pytest.mark.parametrize(
    ("kind", "secret", "skew"),
    [
        ("forged", "whsec_of_somebody_else", 0),
        ("replayed", "whsec_new", -600),
        ("ahead", "whsec_new", 600),
    ],
    ids=["forged", "replayed", "ahead"],
)
def test_an_attacker_s_delivery_stands_beside_the_true_one_and_is_sent_once(kind, secret, skew):
    outbox = an_outbox(1, **{kind: 1})
    true, wrong = outbox.due()
    assert proofs(true) == (NOW, [proof("whsec_new", NOW, true.body)])
    assert proofs(wrong) == (NOW + skew, [proof(secret, NOW + skew, wrong.body)])
    outbox.refused(wrong)
    assert outbox.waiting == []


def test_deliveries_of_the_other_mode_and_of_another_account_are_signed_rightly():
    true, mode, account = an_outbox(1, other_mode=1, other_account=1).due()
    for message in (true, mode, account):
        assert proofs(message)[1] == [proof("whsec_new", NOW, message.body)]
    bodies = [json.loads(message.body) for message in (true, mode, account)]
    assert [body["livemode"] for body in bodies] == [False, True, False]
    assert [body.get("account") for body in bodies] == [None, None, "acct_1Stranger000000"]
    assert len({body["id"] for body in bodies}) == 3


def test_a_thin_delivery_names_the_object_and_carries_nothing_of_it():
    [message] = an_outbox(1, Endpoint(HERE.url, ("whsec_new",), is_thin=True)).due()
    body = json.loads(message.body)
    assert (body["object"], body["type"]) == ("v2.core.event", "v1.customer.updated")
    assert body["related_object"] == {
        "id": "cus_1",
        "type": "customer",
        "url": "/v1/customers/cus_1",
    }
    assert (body["context"], body["livemode"], "data" in body) == ("acct_own", False, False)


def test_an_endpoint_is_sent_the_types_that_it_takes():
    assert an_outbox(endpoint=Endpoint(HERE.url, ("s",), ("invoice.paid",))).due() == []
    assert len(an_outbox(endpoint=Endpoint(HERE.url, ("s",), ("customer.updated",))).due()) == 3


def test_the_same_seed_gives_the_same_mishaps_and_another_gives_others():
    rates = dict.fromkeys(KINDS, 0.5)
    struck = [
        [Mishaps(rates, seed).strikes(kind, f"evt_{n}") for kind in KINDS for n in range(30)]
        for seed in (1, 1, 2)
    ]
    assert struck[0] == struck[1] != struck[2]


@pytest.mark.parametrize("rates", [{"lost": 1}, {"late": 2}], ids=["name", "rate"])
def test_a_mishap_that_is_none_is_refused(rates):
    with pytest.raises(ValueError, match=r"mishap|rate"):
        Mishaps(rates)


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, self.headers["Stripe-Signature"], body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.end_headers()

    def log_message(self, *words):
        pass


@pytest.fixture
def receiver():
    with HTTPServer(("127.0.0.1", 0), _Receiver) as server:
        server.got, server.answers = [], []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_company_s_events_arrive_as_the_api_shows_them(receiver):
    account = open_account(customers=20, months=2)
    delivering = build_app(account, Settings()).state.delivering
    url = f"http://127.0.0.1:{receiver.server_port}/hooks/stripe/con_1"
    delivering.outbox.add(Endpoint(url, ("whsec_1",)))
    receiver.answers = [500]
    while not receiver.got:
        delivering._tick(DAY)
    events = account.store.rows["event"]
    path, _, body = receiver.got[0]
    shown = json.loads(body)
    assert path == "/hooks/stripe/con_1"
    assert shown.keys() >= {"id", "object", "type", "data", "created", "livemode"}
    assert shown["id"] in events
    assert len(delivering.outbox.waiting) == 1, "the one that was refused"
    account.advance(300)
    post_due(delivering.outbox, account.lock)
    assert [sent for _, _, sent in receiver.got].count(body) == 2


def test_a_living_account_passes_on_the_time_that_went_by():
    passed, enough = [], threading.Event()

    def tick(seconds):
        passed.append(seconds)
        if len(passed) == 3:
            enough.set()

    living = Living(tick, speed=1000, every_seconds=0.002)
    living.start()
    assert enough.wait(10)
    living.stop()
    count = len(passed)
    assert set(passed) == {2}
    assert len(passed) == count
