"""The secret of a webhook is taken once, kept encrypted, and rolled without a gap."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from stripe_saas_service.connect.webhook import WEBHOOK_SECRET
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import Secret
from unit_tests.stripe_saas_service.conftest import URL

ROUTE = "/api/integrations/stripe/webhook-secret"


@pytest.fixture
def connection(connect, connections):
    assert connect().status_code == 303
    return connections()[0]


def test_a_secret_is_kept_and_the_address_for_stripe_given(service, owner, connection):
    answer = owner.post(
        ROUTE, json={"company_id": connection.company_id, "secret": " whsec_first0\n"}
    )
    assert answer.json() == {"url": f"{URL}/hooks/stripe/{connection.id}"}
    with service.store.reading() as session:
        assert service.vault.values(session, connection.id, WEBHOOK_SECRET) == ["whsec_first0"]
        sealed = session.scalars(select(Secret.ciphertext)).all()
    assert not any(b"whsec" in each for each in sealed)


def test_a_rolled_secret_counts_for_another_day_and_no_longer(service, owner, connection):
    for secret in ("whsec_first0", "whsec_second"):
        owner.post(ROUTE, json={"company_id": connection.company_id, "secret": secret})
    with service.store.reading() as session:
        known = service.vault.values(session, connection.id, WEBHOOK_SECRET)
        rows = session.scalars(select(Secret).where(Secret.name == WEBHOOK_SECRET)).all()
    assert known == ["whsec_second", "whsec_first0"]
    old, new = sorted(rows, key=lambda row: row.created_at)
    assert new.expires_at is None
    assert timedelta(hours=23) < old.expires_at - now() <= timedelta(hours=24)


@pytest.mark.parametrize(
    ("company", "secret", "status"),
    [(None, "sk_test_no_webhook", 422), ("com_0", "whsec_first0", 404)],
    ids=["a key", "no company"],
)
def test_what_is_no_secret_or_for_nobody_is_refused(owner, connection, company, secret, status):
    sent = {"company_id": company or connection.company_id, "secret": secret}
    answer = owner.post(ROUTE, json=sent)
    assert answer.status_code == status
    assert secret not in answer.text
