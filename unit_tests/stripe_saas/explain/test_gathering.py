"""What is asked about one subscription: ids escaped in addresses, and no address of a null id."""

from urllib.parse import urlsplit

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.limits import RateLimits
from stripe_saas.explain.gathering import Gathering
from unit_tests.builders import some_access
from unit_tests.source_stripe_saas.mrr.builders import coupon, discount, invoice, line, subscription
from unit_tests.stripe_server import serving


def gathered(subscriptions, invoices=(), coupons=()):
    lists = {
        "subscriptions": subscriptions,
        "invoices": list(invoices),
        "coupons": list(coupons),
        "customers": [{"id": "cus_1", "object": "customer"}],
        "events": [],
    }
    client = StripeClient(some_access(), limits=RateLimits(1e6, 1e6), sleep=lambda seconds: None)
    with serving(lists=lists) as stripe:
        found = Gathering(client).gather("sub_1", {})
    return found, [urlsplit(sent.url).path.removeprefix("/v1/") for sent in stripe.sent]


def test_a_null_id_is_put_into_no_address():
    bill = invoice("in_1", "2026-01-01", line("il_1", "2026-01-01", "2026-02-01"))
    [entry] = bill["lines"]["data"]
    entry["parent"]["invoice_item_details"] = {"invoice_item": None}
    found, asked = gathered([subscription(customer=None)], [{**bill, "subscription": "sub_1"}])
    assert found["invoices"] != []
    assert found["invoiceitems"] == []
    assert "invoiceitems" not in asked
    assert not any("None" in path or path.endswith("/") for path in asked)


def test_an_id_that_a_person_typed_is_escaped():
    cut = {**discount(of="F/5 0"), "object": "discount"}
    half = coupon("F/5 0")
    _, asked = gathered([subscription(discounts=[cut])], coupons=[half])
    assert "coupons/F%2F5%200" in asked
    assert "coupons/F/5 0" not in asked
