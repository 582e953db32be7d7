"""What counts as a difference between what was emitted and what is true."""

from stripe_saas.demo.comparison import Table, differences, once_each


def truth(*ids, unlistable=()):
    return {"ids": list(ids), "unlistable": list(unlistable)}


def rows(*keys):
    return [(key, False) for key in keys]


def test_every_id_once_is_no_difference():
    assert once_each(rows("a", "b"), truth("a", "b")) == []


def test_an_id_that_comes_twice_is_a_difference():
    assert once_each(rows("a", "b", "a"), truth("a", "b")) == ["1 repeated: a"]


def test_missing_and_extra_ids_are_told_apart():
    assert once_each(rows("b", "c"), truth("a", "b")) == ["1 missing: a", "1 extra: c"]


def test_the_first_three_ids_are_named_and_the_others_counted():
    found = differences([], truth("e", "d", "c", "b", "a"))
    assert found == ["5 missing: a, b, c and 2 more"]


def test_what_no_list_shows_may_be_there_and_may_be_missing():
    known = truth("a", unlistable=["u"])
    assert differences(["a", "u"], known) == []
    assert differences(["a"], known) == []


def test_what_stripe_has_forgotten_by_age_may_stay_in_the_table():
    assert differences(["a", "old"], truth("a"), {"old"}) == []
    assert differences(["a", "old"], truth("a")) == ["1 extra: old"]


def test_a_deleted_row_leaves_the_table():
    table = Table()
    table.merge(rows("a", "b"))
    table.merge([("a", True)])
    assert table.keys() == {"b"}


def test_the_last_row_of_a_key_wins():
    table = Table()
    table.merge([("a", False), ("a", True), ("b", True), ("b", False)])
    assert table.keys() == {"b"}


def test_replacing_forgets_what_was_there():
    table = Table()
    table.merge(rows("a", "b"))
    table.replace(rows("b", "c"))
    assert table.keys() == {"b", "c"}
