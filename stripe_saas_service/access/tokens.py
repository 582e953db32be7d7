"""Tokens of applications: shown once, kept as a hash, revoked for good."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from stripe_saas_service.access.policy import Scope
from stripe_saas_service.hashing import new_token, token_hash
from stripe_saas_service.store import audit
from stripe_saas_service.store.columns import new_id, now
from stripe_saas_service.store.tables import ApiToken

PREFIX = "sss_"
"""By which scanners of source code know a token that leaked."""

_HINT = len(PREFIX) + 4


def make(
    session: Session,
    company_id: str,
    name: str,
    scopes: Collection[Scope],
    *,
    actor: str,
    expires_at: datetime | None = None,
) -> tuple[str, ApiToken]:
    """Makes a token of an application.

    Args:
        session: a writing one.
        company_id: the one company that it opens.
        name: of the application.
        scopes: what it may do.
        actor: who makes it, for the audit log.
        expires_at: from when on it opens nothing; None: never.

    Returns:
        The token, which the store does not hold, and its row.
    """
    token = new_token(PREFIX)
    row = ApiToken(
        id=new_id("tok"),
        company_id=company_id,
        name=name,
        token_hash=token_hash(token),
        hint=token[:_HINT],
        scopes=sorted(scope.value for scope in scopes),
        created_by=actor,
        expires_at=expires_at,
    )
    session.add(row)
    audit.note(
        session, actor, "token.made", row.id, company_id=company_id, name=name, scopes=row.scopes
    )
    return token, row


def revoke(session: Session, row: ApiToken, *, actor: str) -> None:
    """Has a token open nothing any more."""
    if row.revoked_at is None:
        row.revoked_at = now()
        audit.note(session, actor, "token.revoked", row.id, company_id=row.company_id)
