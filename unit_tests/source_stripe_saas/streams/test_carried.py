"""What an object carries in its fields."""

import pytest

from source_stripe_saas.streams import carried
from source_stripe_saas.streams.carried import CarriedBefore, carried_in, carries_none, cut_lists

FIELDS = ("discounts", "lines.data.discounts")


def a_line(*discounts):
    return {"discounts": list(discounts)}


def test_objects_are_found_in_a_list_and_in_the_entries_of_a_list():
    invoice = {"discounts": [{"id": "a"}, "b"], "lines": {"data": [a_line(), a_line({"id": "c"})]}}
    assert [each["id"] for each in carried_in(invoice, FIELDS)] == ["a", "c"]
    assert [each["id"] for each in carried_in({"discount": {"id": "d"}}, ["discount"])] == ["d"]
    assert list(carried_in({"discount": None}, ["discount"])) == []


@pytest.mark.parametrize(
    ("invoice", "answer"),
    [
        ({"discounts": [], "lines": {"data": [a_line()], "has_more": False}}, True),
        ({"discounts": ["a"], "lines": {"data": [a_line()], "has_more": False}}, False),
        ({"discounts": [], "lines": {"data": [a_line("a")], "has_more": False}}, False),
        ({"discounts": [], "lines": {"data": [a_line()], "has_more": True}}, False),
        ({"discounts": [], "lines": {"data": [{}], "has_more": False}}, False),
        ({"discounts": []}, False),
    ],
    ids=["nothing", "an id", "an id on a line", "a cut list", "an old line", "no lines"],
)
def test_only_what_shows_all_its_fields_empty_carries_nothing(invoice, answer):
    assert carries_none(invoice, FIELDS) is answer


def test_the_lists_on_the_way_may_be_cut():
    assert cut_lists(FIELDS) == ["lines"]


def test_an_object_is_new_once_and_once_more_when_deleted(monkeypatch):
    before = CarriedBefore()
    seen = [before.is_new("di_1", deleted) for deleted in (False, False, True, True, False)]
    assert seen == [True, False, True, False, False]
    monkeypatch.setattr(carried, "_MOST_KNOWN", 2)
    assert before.is_new("di_2", False)
    assert before.is_new("di_1", False)  # forgotten, so that memory stays bounded
