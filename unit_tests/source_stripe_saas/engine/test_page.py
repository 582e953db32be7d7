"""A page's lines: each a RECORD message, whatever the records hold."""

import json

import pytest

from source_stripe_saas.api.raw_object import head_decoder, list_content
from source_stripe_saas.engine.page import Page, PageFormat, PageMessage
from source_stripe_saas.streams.checkpoint import Checkpoint
from source_stripe_saas.streams.records import RecordMaker
from source_stripe_saas.streams.task import Batch
from unit_tests.builders import NOW, a_plan
from unit_tests.fake_stripe import FakeStripe


def a_page(*records, as_lines=True):
    return Page(Batch("things", list(records), Checkpoint()), PageFormat(as_lines))


def decoded_lines(page):
    text = page.lines.decode()
    assert text.endswith("\n")
    return [json.loads(line)["record"] for line in text.split("\n")[:-1]]


def test_a_page_is_true_even_when_it_is_empty():
    assert a_page(), "the core stops at the first item that is false"
    assert a_page().lines == b""


@pytest.mark.parametrize(
    "record",
    [
        {"id": "th_1", "amount": 5, "nested": {"a": [1, None, True]}},
        {"id": "th_1", "metadata": {"quote": '"', "line": "a\nb\u2028c", "nul": "\x00"}},
        {"id": "th_1", "metadata": {"half": "\ud800"}},
        {"id": "th_1", "number": 2**70},
        {"id": "ü", "name": "日本"},
    ],
    ids=["plain", "escapes", "lone surrogate", "big number", "other letters"],
)
def test_a_record_comes_back_from_its_line(record):
    page = a_page(record)
    (line,) = decoded_lines(page)
    assert line == {"stream": "things", "data": record, "emitted_at": page.emitted_at}
    assert b"\n" not in page.lines[:-1]


def test_a_record_that_was_never_decoded_comes_back_with_what_is_added():
    content = b'{"data": [{"id": "a",\n "n": 1.50}, {"id": "b"}], "has_more": false}'
    rows, _ = list_content(content, head_decoder(("created",)))
    maker = RecordMaker(a_plan(), FakeStripe())
    records = [record for row in rows for record in maker.records(row, NOW)]
    page = a_page(*records)
    added = {"updated": NOW, "is_deleted": False}
    assert [line["data"] for line in decoded_lines(page)] == [
        {"id": "a", "n": 1.5, **added},
        {"id": "b", **added},
    ]
    assert b'"n":1.50' in page.lines, "numbers stay as Stripe wrote them"
    plain = a_page(*records, as_lines=False)
    assert [m.record.data for m in plain.messages()] == [r["data"] for r in decoded_lines(page)]


def test_a_page_is_one_message_or_one_a_record():
    records = [{"id": "a"}, {"id": "b"}]
    (message,) = a_page(*records).messages()
    assert isinstance(message, PageMessage)
    assert (message.count, message.record.stream) == (2, "things")
    messages = list(a_page(*records, as_lines=False).messages())
    assert [message.record.data for message in messages] == records


def test_the_account_precedes_every_field_and_no_byte_of_the_object_changes():
    content = b'{"data": [{"id": "a",\n "n": 1.50}, {"id": "b"}], "has_more": false}'
    rows, _ = list_content(content, head_decoder(("created",)))
    maker = RecordMaker(a_plan(), FakeStripe())
    raw = [record for row in rows for record in maker.records(row, NOW)]
    for records in (raw, [*raw, {"id": "c"}]):
        page_format = PageFormat(as_lines=True, account_id="acct_1")
        page = Page(Batch("things", list(records), Checkpoint()), page_format)
        assert [list(line["data"])[:2] for line in decoded_lines(page)] == [
            ["account_id", "id"] for _ in records
        ]
        assert b'"data":{"account_id":"acct_1","id":"a","n":1.50,' in page.lines
        plain = Page(Batch("things", list(records), Checkpoint()), PageFormat())
        with_account = PageFormat(account_id="acct_1")
        named = Page(Batch("things", list(records), Checkpoint()), with_account)
        assert [message.record.data for message in named.messages()] == [
            {"account_id": "acct_1", **message.record.data} for message in plain.messages()
        ]
