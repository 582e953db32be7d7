import json

from stripe_saas.warehouse.rows import REPLACEMENT, Rows, decoded

BEGAN = 1_700_000_000.0


def rows(*records, columns=("id", "name", "updated"), emitted_at_ms=BEGAN * 1000):
    found = Rows(columns, ["id"], BEGAN)
    for record in records:
        found.add(record, emitted_at_ms)
    return [json.loads(line) for line in found.take()]


def test_a_row_has_the_columns_of_the_schema_and_those_of_pyairbyte():
    [row] = rows({"id": "a", "name": {"first": "Ann"}, "unheard_of": 1})
    assert row.keys() == {
        "id",
        "name",
        "_airbyte_raw_id",
        "_airbyte_extracted_at",
        "_airbyte_meta",
    }
    assert row["name"] == {"first": "Ann"}
    assert row["_airbyte_extracted_at"] == "2023-11-14 22:13:20.000000"


def test_of_two_records_of_one_key_the_later_updated_stays():
    newer, older = (
        {"id": "a", "name": "new", "updated": 2},
        {"id": "a", "name": "old", "updated": 1},
    )
    assert [row["name"] for row in rows(older, newer)] == ["new"]
    assert [row["name"] for row in rows(newer, older)] == ["new"]


def test_of_two_records_with_one_updated_or_none_the_later_one_stays():
    first, last = {"id": "a", "name": "first"}, {"id": "a", "name": "last"}
    assert [row["name"] for row in rows(first, last)] == ["last"]
    assert [row["name"] for row in rows({**first, "updated": 1}, {**last, "updated": 1})] == [
        "last"
    ]


def test_a_clock_that_is_set_back_makes_no_row_look_older_than_its_sync():
    [row] = rows({"id": "a"}, emitted_at_ms=(BEGAN - 3600) * 1000)
    assert row["_airbyte_extracted_at"] == "2023-11-14 22:13:20.000000"


def test_rows_are_taken_once():
    found = Rows(["id"], ["id"], BEGAN)
    found.add({"id": "a"}, 0)
    assert len(found) == 1
    assert len(found.take()) == 1
    assert not found.take()


def test_what_no_warehouse_can_hold_is_replaced():
    line = rb'{"a": "x\u0000y", "b": ["\ud83d"], "\udc00": {"c": "\ud83d\ude00"}}'
    assert decoded(line) == {
        "a": f"x{REPLACEMENT}y",
        "b": [REPLACEMENT],
        REPLACEMENT: {"c": "\N{GRINNING FACE}"},
    }


def test_an_integer_beyond_64_bits_stays_whole():
    huge = 10**30
    [row] = rows(decoded(json.dumps({"id": "a", "name": {"n": huge}}).encode()))
    assert row["name"] == {"n": huge}
