"""The connection check tells what is wrong and which box to tick, and probes each list once."""

import logging

import pytest

from source_stripe_saas.config import resources
from source_stripe_saas.connection.check import check_connection
from source_stripe_saas.connection.key_link import key_link, permissions_of
from unit_tests.builders import PLANS, some_settings
from unit_tests.stripe_server import denied, failure, serving

pytestmark = pytest.mark.usefixtures("no_waiting")

INSISTS_ON = ["customers", "subscriptions", "invoices", "charges", "refunds", "payouts", "events"]

LOGGER = logging.getLogger("airbyte.check_test")


def checked(**config):
    return check_connection(some_settings(**config), PLANS, LOGGER)


def test_a_good_key_is_told_its_account_mode_and_what_it_can_read():
    with serving():
        report = checked()
    total = len(PLANS)
    assert report.is_good
    assert report.text == (
        f"Connected to acct_1 (Example Ltd), test mode: {total} of {total} streams are readable."
    )


def test_every_list_is_probed_once_with_one_object_and_children_not_at_all():
    with serving() as stripe:
        checked()
    paths = {(plan.parent or plan).path for plan in PLANS.values()}
    assert set(stripe.asked()) == paths
    assert stripe.asked()["account"] == 2, "once to open, once as a stream"
    assert all(number == 1 for path, number in stripe.asked().items() if path != "account")
    for sent in stripe.sent:
        assert sent.method == "GET"
        if not sent.path.endswith("/account"):
            assert sent.qs["limit"] == ["1"]


def test_check_insists_on_what_the_manifest_names(monkeypatch):
    manifest = resources.manifest()
    assert manifest["check"]["stream_names"] == INSISTS_ON
    monkeypatch.setattr(
        resources, "manifest", lambda: {**manifest, "check": {"stream_names": ["quotes"]}}
    )
    with serving(answers={"quotes": denied("rak_quote_read"), "events": denied("rak_event_read")}):
        report = checked()
    assert not report.is_good
    assert "quotes: tick " in report.text
    assert "events: tick " not in report.text


@pytest.mark.parametrize("name", INSISTS_ON)
def test_a_stream_that_matters_and_cannot_be_read_names_the_box_to_tick(name):
    with serving(answers={PLANS[name].path: denied(f"rak_{PLANS[name].permission}")}):
        report = checked()
    assert not report.is_good
    assert f"{name}: tick " in report.text
    assert f"(`rak_{PLANS[name].permission}`)" in report.text
    assert "rk_test" not in report.text


def test_all_missing_permissions_are_named_at_once():
    with serving(
        answers={"customers": denied("rak_customer_read"), "events": denied("rak_event_read")}
    ):
        report = checked()
    assert "Customers: Read" in report.text
    assert "Events: Read" in report.text
    assert "subscriptions" not in report.text


def test_the_report_names_the_account_and_each_stream_for_whoever_asks_further():
    with serving(answers={"reviews": denied("rak_review_read")}):
        report = checked()
    assert (report.account.id, report.account.name) == ("acct_1", "Example Ltd")
    assert set(report.readable) == set(PLANS) - {"reviews"}
    assert report.refused == {
        "reviews": "Stream reviews cannot be read with this key; to read it, tick Reviews: Read "
        "(`rak_review_read`)."
    }


def test_a_missing_permission_comes_with_a_link_to_a_key_that_has_it():
    with serving(answers={"customers": denied("rak_customer_read")}):
        text = checked(check_streams=["customers"]).text
    (link,) = (word for word in text.split() if word.startswith("https://dashboard.stripe.com"))
    readable = [name for name, plan in PLANS.items() if plan.permission != "customer_read"]
    assert link == key_link(permissions_of(PLANS, ["customers", *readable]))
    assert link.count("rak_customer_read") == 1


def test_another_stream_that_cannot_be_read_is_a_warning(caplog):
    answers = {
        "reviews": denied("rak_review_read"),
        "issuing/cards": failure(400, "Not set up for Issuing."),
    }
    with serving(answers=answers), caplog.at_level(logging.WARNING):
        report = checked()
    assert report.is_good
    assert report.text.endswith("Not readable: reviews, cards.")
    assert [record.message for record in caplog.records] == [
        "Stream reviews cannot be read with this key; to read it, tick Reviews: Read "
        "(`rak_review_read`).",
        "Stream cards cannot be read: Not set up for Issuing. The account does not use this "
        "product of Stripe's, or is not allowed to. Leave the stream out, or activate the product "
        "in the Stripe dashboard.",
    ]


def test_children_are_as_readable_as_their_parents():
    with serving(answers={"invoices": denied("rak_invoice_read")}):
        report = checked(check_streams=["customers"])
    assert report.is_good
    assert "Not readable: invoices, invoice_line_items, discounts." in report.text


CUSTOMER = {"id": "cus_1", "object": "customer", "created": 5}
ITS_BALANCE = "customers/cus_1/balance_transactions"


def test_a_nested_list_is_tried_with_one_parent_and_names_the_box_that_it_needs():
    answers = {ITS_BALANCE: denied("rak_customer_balance_transaction_read")}
    with serving(lists={"customers": [CUSTOMER]}, answers=answers) as stripe:
        report = checked(check_streams=["customers", "customer_balance_transactions"])
    assert not report.is_good
    assert "customer_balance_transactions: tick " in report.text
    assert "customers: tick" not in report.text
    assert stripe.asked()[ITS_BALANCE] == 1


@pytest.mark.parametrize(
    "answer",
    [
        failure(403, "You do not have Platform Controls on the account acct_1."),
        failure(400, "This payout was not made automatically."),
        failure(404, "No such customer: 'cus_1'"),
        failure(500, "Not now."),
    ],
    ids=["403 without a permission", "400", "404", "500"],
)
def test_another_refusal_of_one_parent_s_children_is_no_missing_permission(answer):
    with serving(lists={"customers": [CUSTOMER]}, answers={ITS_BALANCE: answer}) as stripe:
        report = checked(check_streams=["customer_balance_transactions"])
    assert report.is_good
    assert "Not readable" not in report.text
    assert stripe.asked()[ITS_BALANCE] >= 1


def test_a_403_that_names_no_permission_is_told_in_stripe_s_words_without_a_box():
    answer = failure(403, "You do not have Platform Controls on the account acct_1.")
    with serving(answers={"customers": answer}):
        report = checked(check_streams=["customers"])
    assert not report.is_good
    assert "Platform Controls" in report.text
    assert "tick" not in report.text.lower()


def test_a_shorter_list_of_streams_that_matter_is_enough():
    with serving(answers={"events": denied("rak_event_read")}):
        assert not checked().is_good
        assert checked(check_streams=["customers"]).is_good
        assert checked(check_streams=[]).is_good
        assert not checked(check_streams=["customers", "events"]).is_good


def test_a_stream_in_that_list_that_does_not_exist_is_named_before_anything_is_asked():
    with serving() as stripe:
        report = checked(check_streams=["customer"])
    assert (report.is_good, report.text) == (
        False,
        "Config field `check_streams` names an unknown stream: 'customer'.",
    )
    assert stripe.sent == []


@pytest.mark.parametrize(
    ("answer", "config", "part"),
    [
        (
            failure(401, "Invalid API Key provided: rk_test_*1"),
            {},
            "The key is wrong or was revoked.",
        ),
        (failure(401, "Expired", code="api_key_expired"), {}, "The key has expired."),
        (
            lambda request: (
                failure(403, "Only Connect platforms can do that.")
                if "Stripe-Account" in request.headers
                else (200, {"id": "acct_1", "object": "account"})
            ),
            {"account_id": "acct_9"},
            "Config field `account_id` names acct_9",
        ),
        (
            failure(503, "down"),
            {},
            "could not be reached. The last attempt failed: status 503: down",
        ),
    ],
    ids=["key refused", "key expired", "account out of reach", "no answer"],
)
def test_what_keeps_the_check_from_starting_is_told_apart(answer, config, part):
    with serving(answers={"account": answer}) as stripe:
        report = checked(**config)
    assert not report.is_good
    assert part in report.text
    assert "rk_test" not in report.text
    assert set(stripe.asked()) == {"account"}


def test_a_key_that_may_not_see_the_account_is_good_all_the_same():
    with serving(answers={"account": denied("rak_connected_account_read")}):
        report = checked()
    assert report.is_good
    assert report.text.startswith("Connected to acct_1, test mode: ")


def test_an_account_that_no_one_names_is_said_to_be_unnamed():
    with serving(answers={"account": failure(403, "No.")}):
        assert "an account that the key may not name" in checked().text


@pytest.mark.parametrize(
    ("config", "mode"),
    [
        ({"client_secret": "sk_live_1"}, "live mode"),
        ({"client_secret": "sk_org_1", "account_id": "acct_1"}, "mode unknown"),
    ],
    ids=["live", "organization"],
)
def test_the_mode_is_said(config, mode):
    with serving():
        assert f", {mode}: " in checked(**config).text


def test_an_organization_key_without_an_account_names_the_field_and_asks_nothing():
    with serving() as stripe:
        report = checked(client_secret="sk_org_1")
    assert (report.is_good, report.text) == (
        False,
        "Config field `account_id` is missing: an organization key (sk_org_...) needs the account "
        "to read, or several in `accounts`.",
    )
    assert stripe.sent == []


def test_a_refusal_that_names_no_permission_is_not_told_as_one():
    with serving(answers={"payouts": failure(403, "You may not.")}):
        report = checked()
    assert not report.is_good
    assert "tick" not in report.text
    assert "Stripe refused payouts: You may not. Stripe names no permission" in report.text
