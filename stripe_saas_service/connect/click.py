"""A click on "connect": a `state` that nobody guesses, of one session, for ten minutes, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, update

from stripe_saas_service.hashing import new_token, token_hash
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.store import Store
from stripe_saas_service.store.tables import OAuthState

LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class Click:
    """What somebody wanted when they were sent to Stripe."""

    auth_kind: str
    company_id: str | None
    """Of the company that is to be opened again; None for a new one."""


def begin(store: Store, session_hash: str, click: Click) -> str:
    """Writes a click down; the `state` for it."""
    state, moment = new_token(), now()
    with store.writing() as session:
        session.execute(delete(OAuthState).where(OAuthState.expires_at <= moment))
        session.add(
            OAuthState(
                token_hash=token_hash(state),
                session_hash=session_hash,
                company_id=click.company_id,
                auth_kind=click.auth_kind,
                expires_at=moment + LASTS,
            )
        )
    return state


def take(store: Store, session_hash: str, state: str) -> Click | None:
    """Uses a `state` up; None if it is unknown, too old, used, or another session's."""
    moment = now()
    with store.writing() as session:
        row = session.execute(
            update(OAuthState)
            .where(
                OAuthState.token_hash == token_hash(state),
                OAuthState.session_hash == session_hash,
                OAuthState.used_at.is_(None),
                OAuthState.expires_at > moment,
            )
            .values(used_at=moment)
            .returning(OAuthState.auth_kind, OAuthState.company_id)
        ).first()
    return Click(row.auth_kind, row.company_id) if row else None
