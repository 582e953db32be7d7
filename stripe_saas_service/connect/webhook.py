"""POST /api/integrations/stripe/webhook-secret: whose deliveries a connection believes."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import select

from stripe_saas_service.access.guard import CallerOf
from stripe_saas_service.problems import Problem, problem_responses
from stripe_saas_service.service import ServiceOf
from stripe_saas_service.store import audit
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import Connection, Secret

router = APIRouter(tags=["connection"])

WEBHOOK_SECRET = "webhook_secret"

ROLLED_LASTS = timedelta(hours=24)
"""For so long at most Stripe signs with the old secret too, while one is rolled."""


class NewSecret(BaseModel):
    """The signing secret of the endpoint that was made at Stripe."""

    company_id: str = Field(max_length=40, pattern=r"^[a-z]+_[0-9a-f]+$", examples=["com_0f3a"])
    secret: SecretStr = Field(min_length=10, max_length=200, examples=["whsec_…"])


class Endpoint(BaseModel):
    """Where Stripe is to deliver to."""

    url: str = Field(examples=["https://saas.example.com/hooks/stripe/con_5b0c"])


@router.post("/api/integrations/stripe/webhook-secret", responses=problem_responses(404))
def set_secret(service: ServiceOf, caller: CallerOf, new: NewSecret) -> Endpoint:
    """Takes a secret; the one before counts for another day, as Stripe signs with both."""
    secret = new.secret.get_secret_value().strip()
    if not secret.startswith("whsec_") or not secret.isascii():
        raise Problem(422, "This is no signing secret", "It begins with whsec_.")
    with service.store.writing() as session:
        connection = session.scalar(
            select(Connection).where(
                Connection.company_id == new.company_id, Connection.status != "removed"
            )
        )
        if connection is None:
            raise Problem(404, "No such company", "Name a company that is connected.")
        until = now() + ROLLED_LASTS
        before = select(Secret).where(
            Secret.connection_id == connection.id, Secret.name == WEBHOOK_SECRET
        )
        for row in session.scalars(before):
            row.expires_at = min(row.expires_at or until, until)
        service.vault.put(session, connection.id, WEBHOOK_SECRET, secret, beside=True)
        audit.note(
            session,
            caller.id,
            "webhook.secret_set",
            connection.id,
            company_id=connection.company_id,
        )
        return Endpoint(url=f"{service.settings.url}/hooks/stripe/{connection.id}")
