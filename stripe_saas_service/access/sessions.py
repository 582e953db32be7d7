"""E-mail address and password -> a session; attempts are limited."""

from __future__ import annotations

import ipaddress
import threading
from datetime import timedelta

from sqlalchemy import delete, func, select

from stripe_saas_service.access.caller import Caller
from stripe_saas_service.hashing import new_token, token_hash
from stripe_saas_service.service import Service
from stripe_saas_service.store import audit
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.store import Store
from stripe_saas_service.store.tables import BrowserSession, LoginFailure, Person

LASTS = timedelta(days=14)

_WINDOW = timedelta(minutes=15)
_FAILURES_OF_PAIR = 5
"""Of one person from one network address."""
_FAILURES_OF_ADDRESS = 30
"""From one network address, for all people."""
_FAILURES_OF_PERSON = 50
"""Of one person from everywhere: more than a stranger may make them unable to log in with ease."""

_HASHING = threading.Semaphore(2)
"""A hash takes 64 MiB; strangers must not have many made at once."""


class LoginRefused(Exception):
    """Nobody is let in; the text does not say whether the person exists."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def log_in(service: Service, email: str, password: str, address: str) -> str:
    """Opens a session.

    Args:
        service: the parts.
        email: of the person.
        password: of the person.
        address: of the network, from which the attempt comes.

    Returns:
        What the cookie holds.

    Raises:
        LoginRefused: wrong, or tried too often.
    """
    email = email.strip().lower()
    address = _limited(address)
    keys = {
        token_hash(f"pair {email} {address}"): _FAILURES_OF_PAIR,
        token_hash(f"address {address}"): _FAILURES_OF_ADDRESS,
        token_hash(f"person {email}"): _FAILURES_OF_PERSON,
    }
    _refuse_too_many(service.store, keys)
    with service.store.reading() as session:
        person = session.scalar(select(Person).where(Person.email == email))
    hashed = person.password_hash if person and person.disabled_at is None else None
    with _HASHING:
        # Those that waited here came before the others had failed.
        _refuse_too_many(service.store, keys)
        is_right = service.passwords.is_right(password, hashed)
        if person is None or not is_right:
            _note_failure(service.store, keys, person)
            raise LoginRefused(401, "E-mail address or password is wrong.")
    if service.passwords.is_outdated(person.password_hash):
        with service.store.writing() as session:
            session.get_one(Person, person.id).password_hash = service.passwords.hash(password)
    return begin(service, person)


def begin(service: Service, person: Person) -> str:
    """Opens a session for somebody who has shown who they are.

    Returns:
        What the cookie holds; the store has its hash.
    """
    cookie = new_token()
    with service.store.writing() as session:
        session.execute(delete(BrowserSession).where(BrowserSession.expires_at <= now()))
        session.add(
            BrowserSession(
                token_hash=token_hash(cookie),
                person_id=person.id,
                csrf_token=new_token(),
                expires_at=now() + LASTS,
            )
        )
        audit.note(session, person.id, "login.succeeded", person.id)
    return cookie


def log_out(service: Service, caller: Caller) -> None:
    """Ends a session, so that its cookie opens nothing any more."""
    with service.store.writing() as session:
        session.execute(
            delete(BrowserSession).where(BrowserSession.token_hash == caller.session_hash)
        )
        audit.note(session, caller.id, "logout", caller.id)


def _limited(address: str) -> str:
    """What is counted of a network address: of IPv6 the /64 that one customer gets."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4 or found.ipv4_mapped:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False))


def _refuse_too_many(store: Store, keys: dict[str, int]) -> None:
    with store.reading() as session:
        rows = session.execute(
            select(LoginFailure.key, func.count())
            .where(LoginFailure.key.in_(keys), LoginFailure.at > now() - _WINDOW)
            .group_by(LoginFailure.key)
        ).all()
    if any(count >= keys[key] for key, count in rows):
        raise LoginRefused(429, "Too many attempts. Wait a quarter of an hour.")


def _note_failure(store: Store, keys: dict[str, int], person: Person | None) -> None:
    with store.writing() as session:
        session.add_all(LoginFailure(key=key) for key in keys)
        session.execute(delete(LoginFailure).where(LoginFailure.at < now() - _WINDOW))
        if person is not None:
            audit.note(session, person.id, "login.failed", person.id)
