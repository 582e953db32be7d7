"""How a connection ends: taken back at Stripe, or removed here. What was read stays."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from stripe_saas_service.connect.stripe_oauth import OAuthFailed, app_of, deauthorize
from stripe_saas_service.service import Service
from stripe_saas_service.store import audit
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import Connection

_READ_WITH = ("api_key", "access_token", "refresh_token")


def mark_revoked(session: Session, connection_id: str, *, by: str) -> bool:
    """Says of a connection that it was taken back at Stripe; False if it had ended before.

    Args:
        session: a writing one.
        connection_id: of the connection.
        by: how that was noticed: `delivery`, `refused` (401) or `refresh`.
    """
    moment = now()
    company_id = session.scalar(
        update(Connection)
        .where(
            Connection.id == connection_id,
            Connection.status.in_(("connected", "paused")),
        )
        .values(
            status="revoked",
            status_reason=(
                f"Disconnected at Stripe on {moment:%Y-%m-%d at %H:%M} UTC. Syncs have stopped; "
                "what was read stays. Connect the account again to go on."
            ),
            status_at=moment,
        )
        .returning(Connection.company_id)
    )
    if company_id is None:
        return False
    audit.note(
        session, audit.SERVICE, "connection.revoked", connection_id, company_id=company_id, by=by
    )
    return True


def remove(service: Service, connection_id: str, actor: str) -> str:
    """Ends a connection here: revokes at Stripe, forgets all secrets, keeps the data.

    Returns:
        What the person still has to do at Stripe, empty if nothing.
    """
    with service.store.writing() as session:
        connection = session.get_one(Connection, connection_id)
        kind, account_id = connection.auth_kind, connection.account_id
        connection.status, connection.status_at = "disconnected", now()
        connection.status_reason = "Disconnected here. Connect the account again to go on."
        service.vault.forget(session, connection_id)
        audit.note(
            session,
            actor,
            "connection.disconnected",
            connection_id,
            company_id=connection.company_id,
        )
    if kind == "key":
        return "Delete the key in the Stripe dashboard: only Stripe can end it."
    app = app_of(service.settings, kind)
    if app is None or account_id is None or kind == "app":
        return "Uninstall the app in the Stripe dashboard: only there its consent ends."
    try:
        deauthorize(service.settings, app, account_id)
    except OAuthFailed as error:
        return f"{error} Until then the consent stands in the Stripe dashboard, under Apps."
    return ""
