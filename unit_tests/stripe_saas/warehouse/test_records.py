"""Records as JSON -> lines of a table: what passes, what is changed, what is kept apart."""

import json

import pytest

from stripe_saas.warehouse.columns import ColumnKind
from stripe_saas.warehouse.records import REPLACEMENT, Line, RecordFormat, Reject

COLUMNS = {
    "id": ColumnKind.TEXT,
    "object": ColumnKind.TEXT,
    "amount": ColumnKind.INTEGER,
    "rate": ColumnKind.NUMBER,
    "paid": ColumnKind.BOOLEAN,
    "metadata": ColumnKind.JSON,
    "updated": ColumnKind.INTEGER,
}


def line(record, key=("id",), can_hold=None, number=7):
    text = record if isinstance(record, bytes) else json.dumps(record).encode()
    return RecordFormat(COLUMNS, key, can_hold).line(text, number, 1_700_000_000_123)


def row(record, **options):
    found = line(record, **options)
    assert found.text.endswith(b"\n")
    return json.loads(found.text)


def latin1(text):
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def test_a_record_that_fits_passes_byte_for_byte():
    record = b'{"id":"a","object":"charge","rate":1.10,"metadata":{"n":1E5},"updated":5}'
    found = line(record)
    assert isinstance(found, Line)
    assert found.text == (
        b'{"_stripe_saas_n":7,"_airbyte_extracted_at":1700000000123,' + record[1:] + b"\n"
    )
    assert (found.key, found.updated, found.rejects) == (("a",), 5, ())


def test_a_key_may_have_several_columns():
    assert line({"id": "a", "object": "b"}, key=("object", "id")).key == ("b", "a")


def test_what_the_specification_does_not_name_is_kept_beside():
    found = row({"id": "a", "plan": {"id": "p"}, 'od"d': None})
    assert found["_stripe_extra"] == {"plan": {"id": "p"}, 'od"d': None}
    assert "_stripe_extra" not in row({"id": "a"})


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("amount", "12.50 and a little", "text in a column of integers"),
        ("amount", 12.5, "a number with a fraction in a column of integers"),
        ("amount", 2**63, "an integer beyond 64 bits"),
        ("amount", -(2**63) - 1, "an integer beyond 64 bits"),
        ("amount", True, "true or false in a column of integers"),
        ("amount", [1], "a list in a column of integers"),
        ("object", {"id": "a"}, "an object in a column of text"),
        ("paid", 1, "a number in a column of true and false"),
        ("rate", "much", "text in a column of numbers"),
        ("rate", 1e30, "a number beyond 29 digits"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_value_that_does_not_fit_is_null_and_kept_apart(column, value, reason):
    found = line({"id": "a", column: value, "updated": 5, "metadata": {"x": 1}})
    content = json.loads(found.text)
    assert content[column] is None
    assert content["metadata"] == {"x": 1}
    assert content["_airbyte_meta"] == {
        "changes": [{"field": column, "change": "NULLED", "reason": reason}]
    }
    assert found.rejects == (Reject("a", column, json.dumps(value, separators=(",", ":")), reason),)
    assert (found.key, found.updated) == (("a",), 5)


@pytest.mark.parametrize(
    ("column", "value", "held"),
    [
        ("amount", "12", 12),
        ("amount", 12.0, 12),
        ("amount", 2**63 - 1, 2**63 - 1),
        ("object", 5, "5"),
        ("object", True, "true"),
        ("rate", "1.25", 1.25),
        ("rate", 3, 3),
        ("metadata", "text", "text"),
    ],
    ids=str,
)
def test_a_value_that_its_column_can_hold_unchanged_fits(column, value, held):
    found = line({"id": "a", column: value})
    assert found.rejects == ()
    assert json.loads(found.text)[column] == held
    assert type(json.loads(found.text)[column]) is type(held)


def test_a_record_without_its_key_is_kept_apart_as_a_whole():
    found = line({"object": "charge", "amount": 5})
    assert found == Reject("", "id", '{"object":"charge","amount":5}', "a record without id")
    assert isinstance(line({"id": None, "amount": 5}), Reject)
    assert isinstance(line({"id": {"a": 1}, "amount": 5}), Reject)


def test_what_no_warehouse_can_hold_is_replaced():
    found = row(rb'{"id": "x\u0000y", "metadata": {"\udc00": ["\ud83d", "\ud83d\ude00"]}}')
    assert found["id"] == f"x{REPLACEMENT}y"
    assert found["metadata"] == {REPLACEMENT: [REPLACEMENT, "\N{GRINNING FACE}"]}


def test_an_integer_beyond_64_bits_stays_whole_inside_json():
    huge = 10**30
    assert row({"id": "a", "metadata": {"n": huge}})["metadata"] == {"n": huge}
    assert row({"id": "a", "metadata": {"n": huge}, "amount": "x"})["metadata"] == {"n": huge}


def test_a_character_that_the_database_does_not_have_is_kept_apart():
    found = line({"id": "a", "object": "Zürich", "metadata": {"n": "日本"}}, can_hold=latin1)
    content = json.loads(found.text)
    assert (content["object"], content["metadata"]) == ("Zürich", None)
    [reject] = found.rejects
    assert (reject.column, json.loads(reject.value)) == ("metadata", {"n": "日本"})
    assert reject.value.isascii()
    assert line({"id": "a", "object": "Zürich"}, can_hold=latin1).rejects == ()


@pytest.mark.parametrize("text", [b"[]", b'{"id"', b"1"])
def test_what_is_no_object_is_an_error(text):
    with pytest.raises(ValueError, match=r"."):
        line(text)
