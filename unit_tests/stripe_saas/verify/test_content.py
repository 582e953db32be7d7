"""Which fields of a held row differ from Stripe's object."""

from decimal import Decimal

import pytest

from source_stripe_saas.streams.plans import load_plans
from stripe_saas.verify.content import differing

PLANS = load_plans()


def fields(held, current, stream="charges", copied=(), columns=None):
    def column(name):
        return name if columns is None or name in columns else None

    return differing(PLANS[stream], held, current, copied=copied, column=column)


def test_equal_rows_do_not_differ():
    row = {"id": "ch_1", "amount": 1, "metadata": {"a": ["b", None]}}
    assert fields(row, row) == []


def test_each_field_that_differs_is_named():
    held = {"id": "ch_1", "amount": 1, "status": "pending", "metadata": {"a": "1"}}
    current = {"id": "ch_1", "amount": 2, "status": "pending", "metadata": {"a": "2"}}
    assert fields(held, current) == ["amount", "metadata"]


def test_the_connectors_own_fields_are_no_content():
    held = {"id": "in_1", "updated": 5, "is_deleted": False}
    assert fields(held, {"id": "in_1", "updated": 9}, "invoices") == []


def test_an_updated_that_stripe_sends_is_content():
    held, current = {"id": "prod_1", "updated": 5}, {"id": "prod_1", "updated": 9}
    assert fields(held, current, "products") == ["updated"]


def test_null_and_absent_are_the_same_since_tables_cannot_tell_them_apart():
    assert fields({"id": "ch_1", "review": None}, {"id": "ch_1"}) == []
    assert fields({"id": "ch_1"}, {"id": "ch_1", "review": None}) == []
    assert fields({"id": "ch_1", "a": {"b": None}}, {"id": "ch_1", "a": {}}) == []


def test_what_only_the_row_has_differs_and_so_does_what_only_stripe_has():
    assert fields({"id": "ch_1", "review": "prv_1"}, {"id": "ch_1"}) == ["review"]
    assert fields({"id": "ch_1"}, {"id": "ch_1", "review": "prv_1"}) == ["review"]


def test_a_field_without_a_column_cannot_be_compared():
    current = {"id": "ch_1", "new_in_stripe": 1}
    assert fields({"id": "ch_1"}, current, columns={"id"}) == []


def test_what_is_kept_beside_the_columns_is_compared_where_it_is_kept():
    columns, current = {"id", "_stripe_extra"}, {"id": "ch_1", "source": {"id": "card_1"}}

    def found(extra):
        return fields({"id": "ch_1", "_stripe_extra": extra}, current, columns=columns)

    assert found(None) == []
    assert found({"source": {"id": "card_1"}}) == found('{"source": {"id": "card_1"}}') == []
    assert found('{"source": {"id": "card_2"}}') == ["source"]
    assert found("{}") == ["source"]
    assert found('{"source": {"id": "card_1"}, "gone": 1}') == ["gone"]


@pytest.mark.parametrize(
    ("held", "current"),
    [
        ('{"a": 1, "b": [true]}', {"a": 1, "b": [True]}),
        ('["x"]', ["x"]),
        ('"cus_1"', "cus_1"),
        ("cus_1", "cus_1"),
        (Decimal("33.300000000"), 33.3),
        (Decimal("12.333333333"), 12.3333333333333),
        (7, 7.0),
        ("12345678901234567890", 12345678901234567890),
        ("[1]", "[1]"),
    ],
)
def test_the_forms_that_tables_give_to_values_are_the_same_values(held, current):
    assert fields({"id": "ch_1", "x": held}, {"id": "ch_1", "x": current}) == []


@pytest.mark.parametrize(
    ("held", "current"),
    [
        ('{"a": 1}', {"a": 2}),
        ("12", 13),
        (Decimal("33.300000000"), 33.4),
        (True, False),
        ("cus_1", "cus_2"),
        ("not json", {"a": 1}),
        (None, 0),
    ],
)
def test_other_values_in_those_forms_differ(held, current):
    assert fields({"id": "ch_1", "x": held}, {"id": "ch_1", "x": current}) == ["x"]


def test_copies_of_objects_with_streams_of_their_own_count_by_their_id():
    held = {"id": "si_1", "price": {"id": "price_1", "object": "price", "nickname": "old"}}
    same = {"id": "si_1", "price": {"id": "price_1", "object": "price", "nickname": "new"}}
    other = {"id": "si_1", "price": {"id": "price_2", "object": "price", "nickname": "old"}}
    assert fields(held, same, "subscription_items", copied={"price"}) == []
    assert fields(held, other, "subscription_items", copied={"price"}) == ["price"]
    assert fields(held, same, "subscription_items") == ["price"]


def test_an_event_is_a_copy_itself_and_compared_to_the_last_letter():
    held = {"id": "evt_1", "data": {"object": {"id": "price_1", "object": "price", "n": 1}}}
    current = {"id": "evt_1", "data": {"object": {"id": "price_1", "object": "price", "n": 2}}}
    assert fields(held, current, "events", copied={"price"}) == ["data"]


def test_what_changes_silently_later_is_known_by_stream_and_field():
    held, current = {"id": "x", "status": "pending"}, {"id": "x", "status": "available"}
    assert fields(held, current, "payout_balance_transactions") == []
    assert fields(held, current, "balance_transactions") == ["status"]
