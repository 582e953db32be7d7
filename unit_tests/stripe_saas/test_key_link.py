"""`stripe-saas key-link` prints the link for the streams that are named, or for all."""

from urllib.parse import parse_qs, urlsplit

from source_stripe_saas.connection.permissions import LABELS
from stripe_saas.cli import run


def ticked(capsys):
    printed = capsys.readouterr().out
    assert printed.startswith("https://dashboard.stripe.com/apikeys/create?name=")
    return parse_qs(urlsplit(printed.strip()).query)["permissions[]"]


def test_named_streams_alone_are_asked_for(capsys):
    assert run(["key-link", "customers", "payouts"]) == 0
    assert ticked(capsys) == ["rak_customer_read", "rak_event_read", "rak_payout_read"]


def test_without_names_all_streams_are_asked_for(capsys):
    assert run(["key-link"]) == 0
    assert ticked(capsys) == [f"rak_{name}" for name in LABELS]


def test_an_unknown_stream_is_an_error_that_names_it(capsys):
    assert run(["key-link", "custmers"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("key-link: there is no stream 'custmers'; there are customers,")
