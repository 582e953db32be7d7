"""An account that lets us in -> a company that is connected, or why it cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from stripe_saas_service.service import Service
from stripe_saas_service.store import audit
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import Company, Connection

_OTHER = {"live": "test", "test": "live"}


class CannotOpen(Exception):
    """The account cannot be the one of the company; the text says what to do."""


@dataclass(frozen=True)
class Opened:
    """What Stripe said of an account that lets us in."""

    account_id: str | None
    account_name: str | None
    mode: str
    """`live` or `test`."""
    auth_kind: str
    """`key`, `connect` or `app`."""
    secrets: Mapping[str, str] = field(repr=False)
    """Name -> secret, as the vault keeps them."""
    expires_at: datetime | None = None
    """Of an access token."""


def open_company(service: Service, opened: Opened, company_id: str | None, actor: str) -> str:
    """Makes a company for an account, or opens the one again that the account has.

    One account in one mode is one company; test data are a company beside the live one.

    Args:
        service: the parts.
        opened: what Stripe said.
        company_id: of the company that is to be opened again; None if it is for us to find.
        actor: who did it, for the audit log.

    Returns:
        The connection's id.

    Raises:
        CannotOpen: another account, the other mode, or a mode that the service refuses.
    """
    if service.settings.only_live and opened.mode == "test":
        raise CannotOpen("This service takes live data only, and this opens test data.")
    with service.store.writing() as session:
        connection = _connection_of(session, opened, company_id)
        if connection is None:
            connection = _new(session, opened)
        _refuse_another(connection, opened)
        # Of a removed connection nothing is left but its place, and its data.
        connection.account_id = opened.account_id or connection.account_id
        connection.account_name = opened.account_name or connection.account_name
        connection.auth_kind = opened.auth_kind
        connection.status, connection.status_reason = "connected", None
        connection.status_at = now()
        for name in ("api_key", "access_token", "refresh_token"):
            service.vault.forget(session, connection.id, name)
        for name, value in opened.secrets.items():
            until = opened.expires_at if name == "access_token" else None
            service.vault.put(session, connection.id, name, value, expires_at=until)
        audit.note(
            session,
            actor,
            "connection.connected",
            connection.id,
            company_id=connection.company_id,
            account=opened.account_id,
            mode=opened.mode,
            how=opened.auth_kind,
        )
        return connection.id


def _connection_of(session: Session, opened: Opened, company_id: str | None) -> Connection | None:
    found = select(Connection).join(Company).where(Company.removed_at.is_(None))
    if company_id is not None:
        connection = session.scalar(found.where(Company.id == company_id))
        if connection is None:
            raise CannotOpen("This company is not there any more. Connect the account anew.")
        return connection
    if opened.account_id is None:
        return None
    return session.scalar(
        found.where(Connection.account_id == opened.account_id, Connection.mode == opened.mode)
    )


def _new(session: Session, opened: Opened) -> Connection:
    name = opened.account_name or opened.account_id or "Stripe account"
    company = Company(name=name, mode=opened.mode)
    session.add(company)
    session.flush()
    connection = Connection(
        company_id=company.id,
        account_id=opened.account_id,
        mode=opened.mode,
        auth_kind=opened.auth_kind,
    )
    session.add(connection)
    session.flush()
    return connection


def _refuse_another(connection: Connection, opened: Opened) -> None:
    if connection.mode != opened.mode:
        raise CannotOpen(
            f"This company holds {connection.mode} data, and this opens {opened.mode} data. Take "
            f"one of {connection.mode} mode, or connect {_OTHER[connection.mode]} data as a "
            "company of its own."
        )
    if connection.account_id and opened.account_id not in (None, connection.account_id):
        raise CannotOpen(
            f"This company is the account {connection.account_id}, and this opens "
            f"{opened.account_id}. Choose {connection.account_id} at Stripe, or connect the other "
            "one as a company of its own."
        )
