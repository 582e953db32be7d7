"""The hash chain: what is hashed, worked out by another way."""

import hashlib
from datetime import date, datetime
from decimal import Decimal

import pytest

from stripe_saas.close.chain import GENESIS, link

VALUES = ["évt", 1, None, True, date(2026, 10, 1), datetime.fromisoformat("2026-10-02T03:04:05")]


def test_a_hash_is_of_the_one_before_and_a_json_array_of_table_and_values():
    text = '0000\n["rates","\\u00e9vt",1,null,true,"2026-10-01","2026-10-02T03:04:05"]'
    assert link("0000", "rates", VALUES) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("place", range(len(VALUES)))
def test_every_value_counts(place):
    others = ["evt", 2, "", False, date(2026, 10, 2), datetime.fromisoformat("2026-10-02T03:04:06")]
    changed = [*VALUES]
    changed[place] = others[place]
    assert link(GENESIS, "rates", changed) != link(GENESIS, "rates", VALUES)


def test_the_table_and_the_hash_before_count():
    hashes = {link(before, table, VALUES) for before in ("a", "b") for table in ("c", "d")}
    assert len(hashes) == 4


def test_no_two_lists_of_values_make_one_text():
    assert link(GENESIS, "t", ['a","b']) != link(GENESIS, "t", ["a", "b"])
    assert link(GENESIS, "t", ["1"]) != link(GENESIS, "t", [1])
    assert link(GENESIS, "t", ["null"]) != link(GENESIS, "t", [None])


@pytest.mark.parametrize("value", [1.5, Decimal("1.5")], ids=["float", "decimal"])
def test_what_has_more_than_one_text_is_refused(value):
    with pytest.raises(TypeError, match="cannot be part of the chain"):
        link(GENESIS, "t", [value])
