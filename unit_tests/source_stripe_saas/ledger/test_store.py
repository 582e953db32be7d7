"""Objects go in as they come, and each subscription's come out together."""

from decimal import Decimal

from source_stripe_saas.ledger import store as module
from source_stripe_saas.ledger.codec import encoded
from source_stripe_saas.ledger.store import Store, key_of


def a_store(folder, **tables):
    """A store that is closed for writing, with rows by table."""
    store = Store(folder)
    for table, rows in tables.items():
        store.put(table, rows)
    store.close_for_writing()
    return store


def subscription(identity, customer="cus_1", key=None):
    body = encoded({"id": identity, "customer": customer})
    return (key_of(identity) if key is None else key, identity, customer, body)


def event(identity, owner, created, **subject):
    body = encoded({"id": identity, "created": created, "data": {"object": subject}})
    return (key_of(owner), owner, body)


def customer_event(identity, customer, created):
    body = encoded({"id": identity, "created": created, "data": {"object": {}}})
    return (customer, identity, body)


def test_a_subscriptions_objects_come_together_in_the_order_of_keys(tmp_path):
    ids = [f"sub_{number}" for number in range(7)]
    store = a_store(
        tmp_path,
        invoice=[(key_of(one), one, encoded({"id": f"in_{one}"})) for one in ids],
        invoice_item=[(key_of(one), one, encoded({"id": f"ii_{one}"})) for one in reversed(ids)],
        subscription=[subscription(one) for one in ids],
    )
    assert store.keys() == sorted(map(key_of, ids))
    known = list(store.objects(store.keys()))
    assert [key_of(one.subscription_id) for one in known] == store.keys()
    for one in known:
        assert one.subscription["id"] == one.subscription_id
        assert [raw["id"] for raw in one.invoices] == [f"in_{one.subscription_id}"]
        assert [raw["id"] for raw in one.invoice_items] == [f"ii_{one.subscription_id}"]
        assert one.events == []


def test_invoices_alone_make_no_subscription_but_events_do(tmp_path):
    store = a_store(
        tmp_path,
        invoice=[(key_of("sub_1"), "sub_1", b'{"id":"in_1"}')],
        event=[event("evt_1", "sub_2", 5, id="sub_2")],
    )
    assert store.keys() == [key_of("sub_2")]


def test_events_come_newest_first_and_those_of_a_second_as_they_were_put_in(tmp_path):
    told = [("evt_d", 9), ("evt_c", 7), ("evt_b", 7), ("evt_a", 3)]
    events = [event(identity, "sub_1", created) for identity, created in told]
    store = a_store(tmp_path, event=[events[0], events[3], events[1], events[2]])
    [known] = store.objects(store.keys())
    assert [one["id"] for one in known.events] == ["evt_d", "evt_c", "evt_b", "evt_a"]


def test_a_customers_discount_is_told_to_each_of_its_subscriptions_and_no_other(tmp_path):
    store = a_store(
        tmp_path,
        subscription=[subscription("sub_1"), subscription("sub_2", "cus_2")],
        # Known by its events alone: its customer was deleted.
        event=[event("evt_3", "sub_3", 5, id="sub_3", customer="cus_1")],
        customer_event=[customer_event("evt_r", "cus_1", 7)],
    )
    told = {
        one.subscription_id: [e["id"] for e in one.events] for one in store.objects(store.keys())
    }
    assert told == {"sub_1": ["evt_r"], "sub_2": [], "sub_3": ["evt_r", "evt_3"]}


def test_two_ids_of_one_key_stay_apart(tmp_path):
    store = a_store(
        tmp_path, subscription=[subscription("sub_1", key=5), subscription("sub_2", key=5)]
    )
    assert [one.subscription_id for one in store.objects([5])] == ["sub_1", "sub_2"]


def test_any_number_comes_out_once_and_only_what_was_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_IN_ONE_TURN", 3)
    ids = [f"sub_{number}" for number in range(10)]
    store = a_store(tmp_path, subscription=[subscription(one) for one in ids])
    keys = store.keys()
    assert [key_of(one.subscription_id) for one in store.objects(keys)] == keys
    some = [keys[0], keys[2], keys[9]]
    assert [key_of(one.subscription_id) for one in store.objects(some)] == some
    assert store.keys(after=keys[6]) == keys[7:]


def test_numbers_with_a_point_keep_their_text(tmp_path):
    body = b'{"id":"in_1","percent":12.10}'
    rows = [(key_of("sub_1"), "sub_1", body)]
    store = a_store(tmp_path, subscription=[subscription("sub_1")], invoice=rows)
    [known] = store.objects(store.keys())
    assert str(known.invoices[0]["percent"]) == "12.10"
    assert isinstance(known.invoices[0]["percent"], Decimal)
