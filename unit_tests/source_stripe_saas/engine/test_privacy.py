"""Personal data is taken out on every way of reading, and off the record nowhere else."""

import json

import pytest

from source_stripe_saas.engine import page
from unit_tests.builders import DAY, NOW, a_list, an_event
from unit_tests.source_stripe_saas.engine.reading import a_state, read_by_pages, read_plainly
from unit_tests.stripe_server import serving

pytestmark = pytest.mark.usefixtures("no_waiting")

KEY = "a secret of its own, 32 long, and more"
DROP = {"personal_data": "drop"}
HASH = {"personal_data": "hash", "personal_data_key": KEY}


def customer(number, **fields):
    return {
        "id": f"cus_{number}",
        "object": "customer",
        "created": NOW - 3 * DAY - number,
        "email": "§@example.com",
        "metadata": {"§": "§"},
        "tax_ids": a_list(
            {"id": f"txi_{number}", "object": "tax_id", "value": "§", "customer": f"cus_{number}"}
        ),
        "unheard_of": {"nick_name": "§"},
        **fields,
    }


@pytest.mark.parametrize("config", [DROP, HASH], ids=["drop", "hash"])
@pytest.mark.parametrize("read", [read_by_pages, read_plainly])
def test_first_reads_are_redacted_parents_and_children(read, config):
    with serving(lists={"customers": [customer(1)]}):
        output = read("customers", "tax_ids", config=config)
    records = output.records if read is read_plainly else output.of_type("RECORD")
    text = str([getattr(each, "record", each) for each in records])
    assert "cus_1" in text
    assert "txi_1" in text
    assert "§@" not in text
    assert "'§'" not in text.replace("{'§':", "")


def test_changes_are_redacted_whether_fetched_shown_or_deleted():
    events = [
        an_event(customer(1), "customer.updated", NOW - DAY, "2019-01-01"),
        an_event(customer(2), "customer.updated", NOW - DAY),
        an_event(customer(3), "customer.deleted", NOW - DAY, "2019-01-01"),
        an_event(
            {"id": "txi_9", "object": "tax_id", "value": "§", "customer": "cus_1"},
            "customer.tax_id.deleted",
            NOW - DAY,
        ),
    ]
    state = a_state(**{n: {"updated": NOW - 2 * DAY} for n in ("customers", "tax_ids", "events")})
    listed = {"customers": [customer(1), customer(2)], "events": events}
    with serving(lists=listed):
        output = read_by_pages("customers", "tax_ids", "events", config=DROP, state=state)
    assert {r["id"]: r["email"] for r in output.records("customers")} == {
        f"cus_{number}": None for number in (1, 2, 3)
    }
    assert {r["id"] for r in output.records("tax_ids")} >= {"txi_9"}
    assert len(output.records("events")) == 4
    assert "§" not in json.dumps(output.lines, ensure_ascii=False)


def test_with_everything_kept_a_record_is_not_even_decoded(monkeypatch):
    monkeypatch.setattr(page, "_decoded", lambda record: pytest.fail("a record was decoded"))
    with serving(lists={"customers": [customer(1)]}):
        output = read_by_pages("customers")
    assert output.records("customers")[0]["email"] == "§@example.com"


def test_a_stream_that_has_nothing_to_drop_is_not_even_decoded(monkeypatch):
    monkeypatch.setattr(page, "_decoded", lambda record: pytest.fail("a record was decoded"))
    subscription = {"id": "sub_1", "object": "subscription", "created": NOW - DAY}
    with serving(lists={"subscriptions": [subscription]}):
        output = read_by_pages("subscriptions", config={"payment_instruments": "drop"})
    assert [record["id"] for record in output.records("subscriptions")] == ["sub_1"]


def test_another_api_key_makes_the_same_hashes():
    found = []
    for key in ("rk_test_1", "rk_test_2"):
        with serving(lists={"customers": [customer(1)]}):
            output = read_by_pages("customers", config={**HASH, "client_secret": key})
        found.append(output.records("customers"))
    assert found[0] == found[1]
    assert len(found[0][0]["email"]) == 64


def test_neither_secret_is_in_any_message():
    with serving(lists={"customers": [customer(1)]}):
        output = read_by_pages("customers", config=HASH)
    text = json.dumps(output.lines)
    assert KEY not in text
    assert "rk_test_51Secret" not in text
