"""People of the team: invited, made, disabled."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stripe_saas_service.access.policy import Role
from stripe_saas_service.hashing import new_token, token_hash
from stripe_saas_service.problems import Problem
from stripe_saas_service.service import Service
from stripe_saas_service.store import audit
from stripe_saas_service.store.columns import new_id, now
from stripe_saas_service.store.store import Store
from stripe_saas_service.store.tables import Invitation, Person

INVITATION_LASTS = timedelta(days=2)
SHORTEST_PASSWORD = 12

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+|[^@\s]{1,64}@localhost")


class PersonRefused(ValueError):
    """Somebody cannot be made like this; the text says what to change."""


def is_empty(store: Store) -> bool:
    """True while nobody can log in."""
    with store.reading() as session:
        return not session.scalar(select(exists().where(Person.id.is_not(None))))


def invite(session: Session, role: Role, actor: str) -> str:
    """Makes an invitation.

    Args:
        session: a writing one.
        role: of who accepts it.
        actor: who invites, for the audit log.

    Returns:
        The token of the link, which the store does not hold.
    """
    token = new_token()
    session.add(
        Invitation(
            token_hash=token_hash(token), role=role.value, expires_at=now() + INVITATION_LASTS
        )
    )
    audit.note(session, actor, "person.invited", role=role.value)
    return token


def withdraw_invitations(session: Session) -> None:
    """Has no link work any more that nobody has used."""
    session.execute(delete(Invitation).where(Invitation.used_at.is_(None)))


def check_invitation(store: Store, token: str) -> None:
    """Whether a link can still be used.

    Raises:
        Problem: 404; the same for links that never were, are used, or expired.
    """
    with store.reading() as session:
        _open_invitation(session, token)


def accept_invitation(service: Service, token: str, email: str, name: str, password: str) -> Person:
    """Makes the person whom a link was for, and uses the link up.

    Raises:
        Problem: 404, the link cannot be used.
        PersonRefused: the address or the password will not do.
    """
    check_invitation(service.store, token)
    email = email.strip().lower()
    if not _EMAIL.fullmatch(email):
        raise PersonRefused("This is not an e-mail address.")
    if len(password) < SHORTEST_PASSWORD:
        raise PersonRefused(f"A password has at least {SHORTEST_PASSWORD} characters.")
    hashed = service.passwords.hash(password)
    try:
        with service.store.writing() as session:
            invitation = _open_invitation(session, token)
            invitation.used_at = now()
            person = Person(
                id=new_id("per"),
                email=email,
                name=name.strip(),
                role=invitation.role,
                password_hash=hashed,
            )
            session.add(person)
            session.flush()
            audit.note(session, person.id, "person.joined", person.id, role=person.role)
    except IntegrityError:
        raise PersonRefused("Somebody has this e-mail address already: log in.") from None
    return person


def _open_invitation(session: Session, token: str) -> Invitation:
    found = session.scalar(
        select(Invitation).where(Invitation.token_hash == token_hash(token)).with_for_update()
    )
    if found is None or found.used_at is not None or found.expires_at <= now():
        raise Problem(
            404,
            "The link cannot be used",
            "It was used, or has expired. `stripe-saas service invite --role …` prints a new one.",
        )
    return found
