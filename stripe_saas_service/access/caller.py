"""A request -> who comes: a person by a cookie, an application by a token, or a stranger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fastapi import Request
from sqlalchemy import select

from stripe_saas_service.access.policy import Role, Scope
from stripe_saas_service.hashing import token_hash
from stripe_saas_service.settings import Settings
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.store import Store
from stripe_saas_service.store.tables import ApiToken, BrowserSession, Person

_SEEN_EVERY = timedelta(minutes=5)
"""How often it is written down that somebody is still there."""


@dataclass(frozen=True)
class Caller:
    """Who sent a request."""

    id: str = ""
    """Of a person or a token; empty for a stranger."""
    name: str = ""
    role: Role | None = None
    """Of a person."""
    scopes: frozenset[Scope] = frozenset()
    """Of a token."""
    company_id: str | None = None
    """The one company that a token opens; people may see all."""
    session_hash: str = ""
    """Of a person's session, as the store names it."""
    csrf_token: str = ""
    """Of a person's session; a form sends it back."""

    @property
    def is_stranger(self) -> bool:
        """True if neither a session nor a token came with the request."""
        return not self.id


STRANGER = Caller()


def cookie_name(settings: Settings) -> str:
    """The name of the session's cookie; by TLS, one that browsers guard further."""
    return "__Host-session" if settings.is_https else "session"


def caller_of(request: Request, store: Store, settings: Settings) -> Caller:
    """Who sent a request; a stranger if what it shows is not known, expired or revoked."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return _application(store, token.strip())
    cookie = request.cookies.get(cookie_name(settings))
    return _person(store, cookie) if cookie else STRANGER


def _application(store: Store, token: str) -> Caller:
    moment = now()
    with store.reading() as session:
        row = session.scalar(select(ApiToken).where(ApiToken.token_hash == token_hash(token)))
    if row is None or row.revoked_at or (row.expires_at and row.expires_at <= moment):
        return STRANGER
    if row.last_used_at is None or moment - row.last_used_at > _SEEN_EVERY:
        with store.writing() as session:
            session.get_one(ApiToken, row.id).last_used_at = moment
    scopes = frozenset(Scope(each) for each in row.scopes)
    return Caller(row.id, row.name, scopes=scopes, company_id=row.company_id)


def _person(store: Store, cookie: str) -> Caller:
    moment, hashed = now(), token_hash(cookie)
    with store.reading() as session:
        found = session.execute(
            select(BrowserSession, Person).join(Person).where(BrowserSession.token_hash == hashed)
        ).first()
    if found is None:
        return STRANGER
    seen: BrowserSession = found[0]
    person: Person = found[1]
    if seen.expires_at <= moment or person.disabled_at is not None:
        return STRANGER
    if moment - seen.last_seen_at > _SEEN_EVERY:
        with store.writing() as session:
            if there := session.get(BrowserSession, hashed):
                there.last_seen_at = moment
    return Caller(
        person.id,
        person.name or person.email,
        role=Role(person.role),
        session_hash=hashed,
        csrf_token=seen.csrf_token,
    )
