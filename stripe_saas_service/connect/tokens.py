"""A connection -> the key or access token to read with; an app's is renewed by one writer.

An app's refresh token is void once it was exchanged. So one process at a time exchanges it, and
what comes is in the store before anybody uses it. A process that is killed between the exchange
and the store loses the new token: the next exchange is refused, and the connection says that it
has to be connected again, which is one click.
"""

from __future__ import annotations

import threading
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from filelock import FileLock
from sqlalchemy import text
from sqlalchemy.orm import Session

from stripe_saas_service.connect.ending import mark_revoked
from stripe_saas_service.connect.stripe_oauth import (
    GrantVoid,
    OAuthFailed,
    Tokens,
    app_of,
    tokens_for_refresh,
)
from stripe_saas_service.service import Service
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import Connection

APP_TOKEN_LASTS = timedelta(minutes=55)
"""Stripe's hour, less what a long read may need."""

_READABLE = ("connected", "paused")


class NotConnected(Exception):
    """There is nothing to read with; the text says what to do."""


_LOCKS: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def key_of(service: Service, connection_id: str, *, refused: str | None = None) -> str:
    """The key or access token to send now.

    Args:
        service: the parts.
        connection_id: of a connection.
        refused: an access token that Stripe has just refused; it is replaced.

    Raises:
        NotConnected: the connection has ended, or its consent is void.
        OAuthFailed: a new token is due, and Stripe gave no usable answer.
    """
    connection, known, _ = _known(service, connection_id)
    if known and known != refused:
        return known
    if connection.auth_kind == "key":
        raise NotConnected("Stripe refuses the key. Create a new one and connect again.")
    with _one_writer(service, connection_id):
        # Another one may have renewed it while this one waited.
        connection, known, refresh_token = _known(service, connection_id)
        if known and known != refused:
            return known
        return _renewed(service, connection, refresh_token)


def _renewed(service: Service, connection: Connection, refresh_token: str | None) -> str:
    app = app_of(service.settings, connection.auth_kind)
    if app is None:
        raise OAuthFailed("The app that the account was connected with is not set.")
    try:
        if refresh_token is None:
            raise GrantVoid("There is no refresh token.")
        tokens = tokens_for_refresh(service.settings, app, refresh_token)
    except GrantVoid as error:
        with service.store.writing() as session:
            if is_same := _is_same(service, session, connection, refresh_token):
                mark_revoked(session, connection.id, by="refresh")
        if is_same:
            raise NotConnected(f"{error} Connect the account again.") from None
        return _of_now(service, connection.id)
    with service.store.writing() as session:
        if is_same := _is_same(service, session, connection, refresh_token):
            store_tokens(service, session, connection.id, connection.auth_kind, tokens)
    return tokens.access_token if is_same else _of_now(service, connection.id)


def _is_same(
    service: Service, session: Session, before: Connection, refresh_token: str | None
) -> bool:
    """False if the connection was removed, or opened anew, while Stripe was asked.

    A pause in between changes nothing: Stripe has voided the older refresh token already.
    """
    found = session.get(Connection, before.id, with_for_update=True)
    return (
        found is not None
        and found.status in _READABLE
        and found.auth_kind == before.auth_kind
        and service.vault.value(session, before.id, "refresh_token") == refresh_token
    )


def _of_now(service: Service, connection_id: str) -> str:
    _, known, _ = _known(service, connection_id)
    if known is None:
        raise NotConnected("The account was connected again meanwhile. Start the sync anew.")
    return known


def store_tokens(
    service: Service, session: Session, connection_id: str, auth_kind: str, tokens: Tokens
) -> None:
    """Stores tokens in place of those before."""
    until = now() + APP_TOKEN_LASTS if auth_kind == "app" else None
    put = service.vault.put
    put(session, connection_id, "access_token", tokens.access_token, expires_at=until)
    if tokens.refresh_token:
        put(session, connection_id, "refresh_token", tokens.refresh_token)


def _known(service: Service, connection_id: str) -> tuple[Connection, str | None, str | None]:
    """The connection, what it can be read with, and its refresh token."""
    with service.store.reading() as session:
        connection = session.get(Connection, connection_id)
        if connection is None or connection.status not in _READABLE:
            raise NotConnected("The account is not connected. Connect it again.")
        name = "api_key" if connection.auth_kind == "key" else "access_token"
        return (
            connection,
            service.vault.value(session, connection_id, name),
            service.vault.value(session, connection_id, "refresh_token"),
        )


@contextmanager
def _one_writer(service: Service, connection_id: str) -> Iterator[None]:
    """Holds off every other thread, and every other process of the same store."""
    with _LOCKS[connection_id]:
        if service.store.is_sqlite:
            with FileLock(service.settings.folder.root / f"{connection_id}.lock"):
                yield
            return
        number = zlib.crc32(connection_id.encode())
        with service.store.engine.connect() as connection, connection.begin():
            connection.execute(text("select pg_advisory_xact_lock(:n)"), {"n": number})
            yield
