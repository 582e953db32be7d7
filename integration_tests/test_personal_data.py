"""No personal value of an account is in the output of a sync that hashes or drops personal data.

What is personal is listed here by hand, apart from the connector's table. The sandbox marks each
such value on its way out, so that one search finds all of them, wherever they have got to.
"""

import hashlib
import hmac
import io
import json
from contextlib import contextmanager

import pytest

from integration_tests.schemas import assert_fit
from integration_tests.world import a_world
from source_stripe_saas.__main__ import run
from stripe_saas import cli
from stripe_sandbox.server.calls import Reply

MARK = "PII~"
KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"

PERSONAL = {
    *("email", "receipt_email", "customer_email", "customer_email_address", "verified_email"),
    *("payer_email", "support_email", "name", "customer_name", "first_name", "last_name"),
    *("account_holder_name", "cardholder_name", "verified_name", "payer_name", "business_name"),
    *("individual_name", "maiden_name", "phone", "customer_phone", "phone_number"),
    *("verified_phone", "support_phone", "line1", "line2", "city", "town", "postal_code"),
    *("address_line1", "address_line2", "address_city", "address_zip", "address_state"),
    *("billing_zip", "tracking_number", "ip", "ip_address", "customer_purchase_ip"),
    *("user_agent", "nationality", "tax_id", "last4", "dynamic_last4", "fingerprint", "iin"),
    *("cvc", "account_number", "routing_number", "iban", "iban_last4", "bic", "swift_code"),
    *("sort_code", "bank_code", "branch_code", "bsb_number", "transit_number", "payer_id"),
    *("buyer_id", "cashtag", "vpa", "description", "comment", "memo", "footer", "explanation"),
    *("uncategorized_text", "client_reference_id", "hosted_invoice_url", "invoice_pdf"),
    *("receipt_url", "client_secret", "mandate_url"),
}
OF_NOBODY = {
    *("product", "coupon", "plan", "tax_rate", "entitlements.feature", "shipping_rate"),
    *("billing.meter", "promotion_code"),
}
"""Types whose names and descriptions are the company's own."""
ON_OFFER = {"product", "price", "plan", "tax_rate", "entitlements.feature"}
"""Types whose metadata is the company's own as well."""
LABELS = ("custom_fields", "fee_details", "marketing_features", "features", "receipt")
"""Fields in which a `name` or a `description` is a label or Stripe's own words."""


def marked(value, key="", parent="", kind="", *, is_within=False):
    """The same JSON, every personal text marked."""
    if isinstance(value, dict):
        kind = value["object"] if isinstance(value.get("object"), str) else kind
        if key == "data" and isinstance(value.get("object"), dict):
            kind = value["object"].get("object", kind)  # an event's former values
        within = is_within or (key == "metadata" and kind not in ON_OFFER)
        return {
            name: marked(inner, name, key, kind, is_within=within) for name, inner in value.items()
        }
    if isinstance(value, list):
        return [marked(entry, key, parent, kind, is_within=is_within) for entry in value]
    is_label = key in ("name", "description") and (kind in OF_NOBODY or parent in LABELS)
    if not isinstance(value, str) or not value or not (is_within or key in PERSONAL) or is_label:
        return value
    return MARK + value


async def marking(call, proceed):
    """A hook that marks what the sandbox answers."""
    reply = await proceed(call)
    if reply.status != 200 or not call.route.path.startswith("/v1/"):
        return reply
    return Reply(200, json.dumps(marked(json.loads(reply.body))).encode())


@contextmanager
def a_marked_world(folder, kind):
    """An account whose sandbox marks what is personal."""
    options = {"customers": 25, "months": 4} if kind == "company" else {}
    with a_world(folder, kind, serving={"hooks": (marking,)}, **options) as world:
        assert world.connector.streams
        yield world


@pytest.fixture(scope="module", params=["company", "samples"])
def world(request, tmp_path_factory):
    with a_marked_world(tmp_path_factory.mktemp("marked"), request.param) as world:
        yield world


@pytest.fixture(scope="module")
def marked_company(tmp_path_factory):
    with a_marked_world(tmp_path_factory.mktemp("company"), "company") as world:
        yield world


@pytest.fixture
def sync(world, capfd):
    """A function from settings and a state to all that a sync of every stream prints."""

    def read(states=(), **settings):
        connector = world.connector
        config = connector.config
        try:
            connector.config = {**config, **settings}
            arguments = [*connector.read_arguments(states), "--debug"]
        finally:
            connector.config = config
        out = io.StringIO()
        code = run(arguments, out)
        shown = capfd.readouterr()
        assert code == 0, out.getvalue()[-2_000:]
        return out.getvalue(), shown.out + shown.err

    return read


def records_of(text):
    found = {}
    for line in text.splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD":
            found.setdefault(message["record"]["stream"], []).append(message["record"]["data"])
    return found


def states_of(text):
    states = {}
    for line in text.splitlines():
        message = json.loads(line)
        if message["type"] == "STATE":
            states[message["state"]["stream"]["stream_descriptor"]["name"]] = message["state"]
    return list(states.values())


def where(text):
    """The fields in which marks are, for a failure's message."""
    found = set()

    def look(value, path):
        if isinstance(value, dict):
            for name, inner in value.items():
                look(inner, f"{path}.{name}")
        elif isinstance(value, list):
            for inner in value:
                look(inner, path)
        elif MARK in str(value):
            found.add(path)

    for line in text.splitlines():
        if MARK in line:
            look(json.loads(line), "")
    return found


SWITCHES = {
    "hash": {"personal_data": "hash", "personal_data_key": KEY},
    "drop": {"personal_data": "drop"},
}


@pytest.mark.slow
@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
def test_nothing_personal_is_in_what_a_first_read_and_a_later_one_print(world, sync, switch):
    first, log = sync(**switch)
    world.advance(3)
    later, later_log = sync(states_of(first), **switch)
    assert where(first + later) == set()
    assert MARK not in log + later_log
    records = records_of(first)
    assert len(records) > 40
    assert_fit(records)
    assert_fit(records_of(later))


@pytest.mark.slow
def test_without_a_switch_everything_arrives_so_that_the_marks_are_worth_looking_for(sync):
    text, _ = sync()
    holders = [name for name, records in records_of(text).items() if MARK in str(records)]
    assert len(holders) > 25, holders
    kept, _ = sync(payment_instruments="drop")
    fields = {path.rpartition(".")[2] for path in where(kept)}
    assert fields >= {"email", "name", "line1", "description"}
    assert not fields & {"last4", "fingerprint", "routing_number", "iban", "bic"}


@pytest.mark.slow
def test_hashes_join_across_streams_and_do_not_change_with_the_api_key(world, sync):
    text, _ = sync(**SWITCHES["hash"])
    records = records_of(text)
    other = records_of(sync(**SWITCHES["hash"], client_secret="sk_test_integration0000000002")[0])
    for name, ours in records.items():
        ids = {record["id"]: record for record in other[name] if "id" in record}
        for record in ours:
            theirs = ids.get(record.get("id"))
            if theirs is not None and name not in ("events",):
                assert {**record, "updated": 0} == {**theirs, "updated": 0}
    plain = {c["id"]: c["email"] for c in records_of(sync()[0])["customers"]}
    for customer in records["customers"]:
        if plain.get(customer["id"]):
            address = plain[customer["id"]].strip().lower().encode()
            assert customer["email"] == hmac.new(KEY.encode(), address, hashlib.sha256).hexdigest()
    emails = {customer["email"] for customer in records["customers"]} - {None}
    billed = {invoice["customer_email"] for invoice in records["invoices"]} - {None}
    assert len(emails) > 5
    assert len(emails & billed) > 3 or world.account.company is None


@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
def test_what_explain_saves_is_redacted_and_explains_the_same(
    marked_company, tmp_path, capsys, switch
):
    connector = marked_company.connector
    [some, *_] = marked_company.truth.counts()["subscriptions"]["ids"]
    told = []
    for settings in ({}, switch):
        config = connector.file({**connector.config, **settings})
        saved = tmp_path / "saved.json"
        assert cli.run(["explain", some, "--config", config, "--save", str(saved)]) == 0
        told.append(capsys.readouterr().out)
        text = saved.read_text(encoding="utf-8")
        assert (MARK in text) == (not settings)
    assert told[0] == told[1]
