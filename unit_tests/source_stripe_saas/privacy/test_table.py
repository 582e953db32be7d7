"""The table of fields knows every text that Stripe's specification has, and classes it by place."""

import pytest

from source_stripe_saas.config import resources
from source_stripe_saas.privacy.classes import CLASSES
from source_stripe_saas.privacy.table import NOT_PERSONAL, FieldClass, Table, table
from unit_tests.builders import PLANS

SEVEN = ["customers", "subscriptions", "invoices", "charges", "refunds", "payouts"]
SEVEN += ["balance_transactions"]


def is_text(node):
    while "items" in node:
        node = node["items"]
    types = node.get("type", [])
    return "string" in ([types] if isinstance(types, str) else types)


def unknown(node, fields, kind="", parent="", path=()):
    """The paths of texts, lists of texts included, that no pattern fits nor takes in."""
    while "items" in node:
        node = node["items"]
    for name, inner in node.get("properties", {}).items():
        found = fields.class_of(name, parent, kind)
        here = (*path, name)
        if found is None and is_text(inner):
            yield ".".join(here)
        if not found:
            yield from unknown(inner, fields, "", name, here)


@pytest.mark.parametrize("stream", [*SEVEN, *sorted(PLANS.keys() - set(SEVEN))])
def test_the_table_knows_every_text_of_a_stream(stream):
    found = list(unknown(resources.schema(stream), table(), PLANS[stream].object))
    assert found == [], f"say in privacy/fields.yaml what these are: {found}"


def test_a_text_that_the_table_does_not_know_is_found_at_any_depth():
    new = {"type": ["null", "string"]}
    schema = {
        "properties": {
            "id": new,
            "shoe_size": new,
            "a": {"properties": {"b": {"items": {"properties": {"sign_of_zodiac": new}}}}},
            "favourite_colours": {"items": new},
        }
    }
    assert list(unknown(schema, table())) == [
        "shoe_size",
        "a.b.sign_of_zodiac",
        "favourite_colours",
    ]


def test_the_classes_of_the_table_are_those_of_the_settings_and_of_the_form():
    assert tuple(table().classes) == CLASSES
    properties = resources.spec()["connectionSpecification"]["properties"]
    assert tuple(properties["personal_data_by_class"]["properties"]) == CLASSES


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (("email",), "email"),
        (("receipt_email",), "email"),
        (("customer_email",), "email"),
        (("name", "billing_details"), "name"),
        (("name", "", "customer"), "name"),
        (("name", "", "product"), NOT_PERSONAL),
        (("name", "", "coupon"), NOT_PERSONAL),
        (("name", "custom_fields", "invoice"), NOT_PERSONAL),
        (("value", "custom_fields", "invoice"), "descriptions"),
        (("account_holder_name",), "name"),
        (("bank_name",), NOT_PERSONAL),
        (("phone", "shipping"), "phone"),
        (("address", "shipping"), "address"),
        (("customer_address",), "address"),
        (("address_line1", "card"), "address"),
        (("address_line1_check", "checks"), NOT_PERSONAL),
        (("ip_address", "online"), "ip"),
        (("last4", "card"), "card_details"),
        (("last4", "sepa_debit"), "bank_details"),
        (("last4", "us_bank_account"), "bank_details"),
        (("last4", "", "bank_account"), "bank_details"),
        (("last4", "", "card"), "card_details"),
        (("brand", "card"), NOT_PERSONAL),
        (("funding", "card"), NOT_PERSONAL),
        (("value", "data", "tax_id"), "identity"),
        (("description", "", "charge"), "descriptions"),
        (("description", "", "product"), NOT_PERSONAL),
        (("metadata",), "metadata"),
        (("hosted_invoice_url",), "links"),
        (("url", "", "checkout.session"), "links"),
        (("url", "lines"), NOT_PERSONAL),
        (("number", "", "invoice"), NOT_PERSONAL),
        (("number", "", "issuing.card"), "card_details"),
        (("receipt_number",), NOT_PERSONAL),
        (("statement_descriptor",), NOT_PERSONAL),
        (("no_such_field",), None),
    ],
)
def test_a_field_is_classed_by_its_name_and_by_where_it_is(place, expected):
    assert table().class_of(*place) == expected


def test_the_narrower_pattern_counts():
    fields = Table(
        [FieldClass("a", "", ("x", "in.x", "t:x")), FieldClass("b", "", ("*", "in.*", "o.x"))],
        ["t2:x", "free"],
    )
    found = [
        fields.class_of(*place)
        for place in (("x",), ("y",), ("x", "in"), ("y", "in"), ("x", "o"), ("x", "in", "t2"))
    ]
    assert found == ["a", "b", "a", "b", "b", NOT_PERSONAL]


def test_a_pattern_in_two_classes_is_refused():
    with pytest.raises(ValueError, match="'x' is in two classes"):
        Table([FieldClass("a", "", ("x",)), FieldClass("b", "", ("x",))], [])
