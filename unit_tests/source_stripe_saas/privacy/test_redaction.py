"""What is personal in a record is hashed or dropped; all else, and the record itself, stays."""

import copy
import hashlib
import hmac

import pytest

from source_stripe_saas.config import resources
from source_stripe_saas.privacy.classes import CLASSES, Policy
from source_stripe_saas.privacy.redaction import Redaction

KEY = "k" * 32


def hashed(text):
    return hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def policy(everything="keep", **actions):
    return Policy({**dict.fromkeys(CLASSES, everything), **actions}, KEY)


def redacted(record, everything="keep", **actions):
    return Redaction(policy(everything, **actions)).redacted(record)


CUSTOMER = {
    "id": "cus_1",
    "object": "customer",
    "created": 1,
    "email": " Ada@Example.COM ",
    "name": "Ada Lovelace",
    "phone": None,
    "balance": -500,
    "description": "likes engines",
    "address": {"line1": "1 St James's Sq", "country": "GB", "unit": {"floor": "2"}, "geo": [1.5]},
    "shipping": {"name": "A. L.", "phone": "+44 1", "address": {"city": "London"}},
    "metadata": {"crm": "17", "vip": True},
    "preferred_locales": ["en"],
    "sources": {
        "object": "list",
        "data": [
            {"id": "card_1", "object": "card", "brand": "visa", "last4": "4242", "exp_year": 2030},
            {"id": "ba_1", "object": "bank_account", "last4": "6789", "bank_name": "Barings"},
        ],
    },
}


def test_hashing_replaces_texts_and_leaves_the_shape():
    assert redacted(CUSTOMER, "hash") == {
        "id": "cus_1",
        "object": "customer",
        "created": 1,
        "email": hashed("ada@example.com"),
        "name": hashed("Ada Lovelace"),
        "phone": None,
        "balance": -500,
        "description": hashed("likes engines"),
        "address": {
            "line1": hashed("1 St James's Sq"),
            "country": "GB",
            "unit": {"floor": hashed("2")},
            "geo": [None],
        },
        "shipping": {
            "name": hashed("A. L."),
            "phone": hashed("+44 1"),
            "address": {"city": hashed("London")},
        },
        "metadata": {"crm": hashed("17"), "vip": None},
        "preferred_locales": ["en"],
        "sources": {
            "object": "list",
            "data": [
                {
                    "id": "card_1",
                    "object": "card",
                    "brand": "visa",
                    "last4": hashed("4242"),
                    "exp_year": 2030,
                },
                {
                    "id": "ba_1",
                    "object": "bank_account",
                    "last4": hashed("6789"),
                    "bank_name": "Barings",
                },
            ],
        },
    }


def test_dropping_leaves_nulls_and_the_country():
    record = redacted(CUSTOMER, "drop")
    assert record["email"] is record["name"] is record["description"] is record["metadata"] is None
    assert record["address"] == {
        "line1": None,
        "country": "GB",
        "unit": {"floor": None},
        "geo": [None],
    }
    assert record["shipping"] == {"name": None, "phone": None, "address": {"city": None}}
    assert [source["last4"] for source in record["sources"]["data"]] == [None, None]
    assert record["sources"]["data"][0]["brand"] == "visa"
    assert (record["balance"], record["preferred_locales"]) == (-500, ["en"])


def test_each_class_is_a_switch_of_its_own():
    assert redacted(CUSTOMER, email="drop") == {**CUSTOMER, "email": None}
    assert redacted(CUSTOMER, "drop", email="keep")["email"] == CUSTOMER["email"]
    card, bank = redacted(CUSTOMER, card_details="drop")["sources"]["data"]
    assert (card["last4"], bank["last4"]) == (None, "6789")
    card, bank = redacted(CUSTOMER, bank_details="drop")["sources"]["data"]
    assert (card["last4"], bank["last4"]) == ("4242", None)


@pytest.mark.parametrize("action", ["hash", "drop"])
def test_the_record_that_comes_in_is_left_as_it_was(action):
    before = copy.deepcopy(CUSTOMER)
    redacted(CUSTOMER, action)
    assert before == CUSTOMER


def test_one_address_has_one_hash_wherever_and_however_it_is_written():
    customer = redacted({"object": "customer", "email": "ada@example.com"}, email="hash")
    charge = redacted(
        {
            "object": "charge",
            "receipt_email": "ADA@example.com",
            "billing_details": {"email": "ada@example.com\n"},
        },
        email="hash",
    )
    invoice = redacted({"object": "invoice", "customer_email": "Ada@Example.com"}, email="hash")
    assert len(customer["email"]) == 64
    assert (
        customer["email"]
        == charge["receipt_email"]
        == charge["billing_details"]["email"]
        == invoice["customer_email"]
    )


def test_another_key_makes_other_hashes():
    other = Redaction(Policy({"email": "hash"}, "x" * 32)).redacted(CUSTOMER)
    assert other["email"] != redacted(CUSTOMER, email="hash")["email"]


def test_an_empty_text_stays_empty_when_hashed():
    assert redacted({"name": "", "email": " "}, "hash") == {"name": "", "email": ""}


def test_half_a_surrogate_pair_can_be_hashed():
    assert len(redacted({"name": "\ud800"}, "hash")["name"]) == 64


def test_the_object_of_an_event_is_treated_as_what_it_is_and_so_is_what_it_was_before():
    def event(kind, former):
        return {
            "object": "event",
            "data": {"object": {"object": kind, "name": "N"}, "previous_attributes": former},
        }

    product = redacted(event("product", {"name": "O", "metadata": {"a": "b"}}), "drop")["data"]
    assert product["object"]["name"] == "N"
    assert product["previous_attributes"] == {"name": "O", "metadata": {"a": "b"}}
    customer = redacted(event("customer", {"name": "O", "email": "E"}), "drop")["data"]
    assert customer["object"]["name"] is None
    assert customer["previous_attributes"] == {"name": None, "email": None}
    assert redacted({"object": "event", "data": {}, "x": 1}, "drop") == {
        "object": "event",
        "data": {},
        "x": 1,
    }


OLD_SHAPES = {
    "a customer with cards of 2013": {
        "object": "customer",
        "active_card": {"object": "card", "name": "§", "last4": "§", "fingerprint": "§"},
        "cards": {"data": [{"object": "card", "address_line1": "§", "address_zip": "§"}]},
        "tax_info": {"tax_id": "§", "type": "§"},
        "business_vat_id": "§",
    },
    "a source": {
        "object": "source",
        "client_secret": "§",
        "owner": {
            "address": {"line1": "§", "state": "§"},
            "email": "§",
            "verified_name": "§",
            "verified_address": {"city": "§"},
            "verified_phone": "§",
        },
        "sepa_debit": {"last4": "§", "fingerprint": "§", "mandate_url": "§"},
        "receiver": {"address": "§"},
        "redirect": {"url": "§"},
    },
    "a charge": {
        "object": "charge",
        "card": {"object": "card", "name": "§", "dynamic_last4": "§"},
        "source": {"object": "bank_account", "account_holder_name": "§", "routing_number": "§"},
        "receipt_email": "§",
        "receipt_url": "§",
        "shipping": {"address": {"postal_code": "§"}, "name": "§", "tracking_number": "§"},
        "description": "§",
        "payment_method_details": {
            "paypal": {"payer_email": "§", "payer_id": "§", "payer_name": "§"},
            "card": {"wallet": {"masterpass": {"email": "§", "billing_address": {"line1": "§"}}}},
        },
    },
    "a transfer to a bank account": {
        "object": "transfer",
        "bank_account": {"object": "bank_account", "last4": "§", "fingerprint": "§"},
        "account": {"object": "bank_account", "last4": "§"},
    },
    "an account": {
        "object": "account",
        "email": "§",
        "legal_entity": {
            "dob": {"day": 1, "month": 2, "year": 3},
            "first_name": "§",
            "personal_address": {"line1": "§"},
            "additional_owners": [{"last_name": "§", "address": {"city": "§"}}],
        },
        "tos_acceptance": {"ip": "§", "user_agent": "§"},
    },
    "a token": {"object": "token", "client_ip": "§", "email": "§"},
    "fields that no version has had yet": {
        "object": "customer",
        "newer": {"deeper": [{"secondary_email": "§", "landlord_name": "§"}], "fax_phone": "§"},
        "holiday_address": {"line9": "§", "more": [["§"]]},
        "anything": {"metadata": {"a": {"b": ["§"]}}},
    },
}


@pytest.mark.parametrize("shape", OLD_SHAPES.values(), ids=OLD_SHAPES)
@pytest.mark.parametrize("action", ["hash", "drop"])
def test_old_and_unknown_shapes_are_treated_too(shape, action):
    event = {"object": "event", "data": {"object": shape, "previous_attributes": shape}}
    record = redacted(event, action)
    assert "§" not in str(record)
    assert "'day': 1" not in str(record)
    assert "§" in str(event)


@pytest.mark.parametrize("around", ["metadata", "address", "anything"])
def test_depth_is_no_obstacle(around):
    deep = leaf = {}
    for _ in range(5_000):
        leaf["a"] = leaf = {}
    leaf["email"] = "e"
    record = redacted({around: deep}, "hash")
    inner = record[around]
    while "a" in inner:
        inner = inner["a"]
    assert len(inner["email"]) == 64


def touched(stream, kind, **actions):
    return Redaction(policy(**actions)).touches(resources.schema(stream), kind)


def test_a_stream_without_a_field_of_the_class_is_known_beforehand():
    assert not touched("subscriptions", "subscription", card_details="drop")
    assert not touched("products", "product", name="drop")
    assert touched("charges", "charge", card_details="drop")
    assert touched("customers", "customer", email="hash")
    assert not touched("customers", "customer")


def test_events_are_always_looked_at_since_they_may_hold_anything():
    assert touched("events", "event", identity="drop")
    assert not touched("events", "event")
