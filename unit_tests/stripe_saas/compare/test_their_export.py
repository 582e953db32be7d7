"""CSV files of others: what is found by words, and what has to be given."""

import pytest

from stripe_saas.compare.rules import CompareError
from stripe_saas.compare.their_export import Reading, read_export
from unit_tests.source_stripe_saas.mrr.builders import on

MAY = Reading("2026-05", on("2026-06-01"))
USD = Reading("2026-05", on("2026-06-01"), currency="USD")


def read(text, reading=MAY, **mapping):
    return read_export(text.strip().splitlines(), reading, mapping)[0]


def test_a_row_a_client_and_month():
    text = """
Customer ID,Currency,Month,MRR
cus_1,usd,2026-04,1.00
cus_1,USD,2026-05-31,"1,234.56"
cus_2,jpy,2026-05,900
cus_3,kwd,2026-05,1.005
"""
    found = {("cus_1", "usd"): 123_456, ("cus_2", "jpy"): 900, ("cus_3", "kwd"): 1005}
    assert read(text) == found


def test_a_column_a_month():
    text = "customer_id,customer_email,2026-04,2026-05\ncus_1,a@example.com,1,2.5\ncus_2,,3,\n"
    assert read(text, USD) == {("cus_1", "usd"): 250, ("cus_2", "usd"): 0}


def test_changes_before_the_end_add_up():
    text = """
event_timestamp,customer_id,currency,mrr_change
2026-03-01 10:00:00,cus_1,usd,10.00
2026-05-31T23:59:59Z,cus_1,usd,-4.50
2026-06-01 00:00:00,cus_1,usd,100
2026-06-01T00:30:00+01:00,cus_2,usd,7
"""
    assert read(text) == {("cus_1", "usd"): 550, ("cus_2", "usd"): 700}


def test_several_rows_of_a_client_add_up_before_they_are_rounded():
    text = "Customer,MRR\ncus_1,0.004\ncus_1,0.003\n"
    assert read(text, USD) == {("cus_1", "usd"): 1}


def test_a_mapping_goes_before_words():
    text = "customer,account,mrr,net\nx,cus_1,5,4\n"
    assert read(text, USD, client="account", mrr="net") == {("cus_1", "usd"): 400}


def test_minor_units():
    minor = Reading("2026-05", on("2026-06-01"), "usd", is_minor=True)
    assert read("customer,mrr\ncus_1,550\n", minor) == {("cus_1", "usd"): 550}


@pytest.mark.parametrize(
    ("text", "mapping", "said"),
    [
        ("name,mrr\nx,1\n", {}, "no column of the file names a customer"),
        ("customer,amount\nx,1\n", {}, "is an MRR of 2026-05"),
        ("customer,mrr\nx,1\n", {"mrr": "net"}, "the file has no column net"),
        ("customer,mrr\nx,1\n", {"sum": "mrr"}, "there is no such field"),
        ("customer,mrr\n,1\n", {}, "names no customer"),
        ("customer,mrr\nx,one\n", {}, "'one' is no amount"),
        ("customer,mrr\nx,1e999999999\n", {}, "is no amount"),
        ("customer,month,mrr\nx,May,1\n", {}, "'May' is no day"),
        ("", {}, "no column of the file names a customer"),
    ],
)
def test_what_cannot_be_read_is_said(text, mapping, said):
    with pytest.raises(CompareError, match=said):
        read_export(text.splitlines(), USD, mapping)


def test_a_file_without_a_currency_needs_one():
    with pytest.raises(CompareError, match="--currency usd"):
        read("customer,mrr\ncus_1,1\n")
