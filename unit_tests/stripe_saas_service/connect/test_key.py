"""A pasted key connects its account if it can read what is needed, and says what it cannot."""

import pytest
import requests
from sqlalchemy import select

from source_stripe_saas.connection.key_link import key_link, permissions_of
from source_stripe_saas.streams.plans import load_plans
from stripe_saas_service.store.tables import AuditEntry

ROUTE = "/api/integrations/stripe/key"
GOOD = "sk_test_pasted000000001"
LESSER = "rk_test_lesser000000001"


@pytest.fixture
def paste(owner):
    def pasted(key=GOOD, **more):
        return owner.post(ROUTE, json={"key": key, **more})

    return pasted


@pytest.fixture
def lesser(stripe_url):
    described = {"key": LESSER, "permissions": ["customer_read", "event_read"]}
    assert requests.post(f"{stripe_url}/_sandbox/keys", json=described, timeout=10).ok
    return LESSER


def test_a_good_key_connects_and_is_kept_in_the_vault_alone(
    service, account, paste, connections, secrets
):
    answer = paste(f"  {GOOD}\n")
    said = answer.json()
    [connection] = connections()
    assert (said["is_connected"], said["connection_id"]) == (True, connection.id)
    assert (said["account_id"], said["mode"]) == (account.account_id, "test")
    assert set(said["readable"]) == set(load_plans())
    assert secrets(connection.id) == {"api_key": GOOD}
    with service.store.reading() as session:
        entries = [entry.detail for entry in session.scalars(select(AuditEntry))]
    assert GOOD not in answer.text + str(entries)


def test_a_key_without_permissions_is_told_which_box_to_tick(paste, lesser, connections):
    said = paste(lesser).json()
    assert (said["is_connected"], connections()) == (False, [])
    assert "invoices: tick Invoices: Read (`rak_invoice_read`)" in said["detail"]
    assert "rak_payout_read" in said["refused"]["payouts"]
    assert said["key_link"] == key_link(permissions_of(load_plans(), load_plans()))


def test_a_key_that_reads_the_streams_that_were_named_will_do(paste, lesser, connections):
    said = paste(lesser, streams=["customers"]).json()
    assert said["is_connected"] is True
    assert said["key_link"].endswith(
        "?name=source-stripe-saas&permissions[]=rak_customer_read&permissions[]=rak_event_read"
    )
    assert len(connections()) == 1


@pytest.mark.parametrize(
    "key", ["sk_live_pasted000000001", "no key at all", "pk_test_published001"]
)
def test_a_key_that_opens_nothing_connects_nothing_and_is_not_repeated(paste, connections, key):
    answer = paste(key)
    assert (answer.status_code, connections()) == (200, [])
    assert answer.json()["is_connected"] is False
    assert key not in answer.text


def test_a_stream_that_is_none_is_refused(paste, connections):
    answer = paste(streams=["custmers"])
    assert (answer.status_code, connections()) == (422, [])
    assert "custmers" in answer.json()["detail"]


def test_a_key_of_another_account_is_not_let_into_a_company(service, paste, connections):
    paste()
    [connection] = connections()
    with service.store.writing() as session:
        session.get_one(type(connection), connection.id).account_id = "acct_another"
    answer = paste(company_id=connection.company_id)
    assert answer.status_code == 409
    assert "This company is the account acct_another" in answer.json()["detail"]
