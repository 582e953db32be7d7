"""The tables of the store. A change here needs a migration in `migrations/versions/`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from stripe_saas_service.store.columns import Moment, new_id, now

_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up only what is an INTEGER."""


class Base(DeclarativeBase):
    """All tables; names of constraints are fixed, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Moment(), dict[str, Any]: JSON(), list[str]: JSON()}


class Person(Base):
    """Somebody who may log in."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("per"))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    """Lower case."""
    name: Mapped[str] = mapped_column(String(200), default="")
    role: Mapped[str] = mapped_column(String(20))
    """One of `access.policy.Role`."""
    password_hash: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
    disabled_at: Mapped[datetime | None]


class Invitation(Base):
    """A link by which one person makes an account for themselves, once."""

    __tablename__ = "invitations"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class BrowserSession(Base):
    """A person logged in with one browser."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of what the cookie holds."""
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class LoginFailure(Base):
    """One failed attempt to log in; counted by all processes together."""

    __tablename__ = "login_failures"

    id: Mapped[int] = mapped_column(_NUMBER, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(80))
    """What is limited: a hash of an e-mail address or of a network address."""
    at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (Index("ix_login_failures_key_at", "key", "at"),)


class Company(Base):
    """One account of Stripe in one mode, with a warehouse of its own."""

    __tablename__ = "companies"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("com"))
    name: Mapped[str] = mapped_column(String(200))
    mode: Mapped[str] = mapped_column(String(4))
    """`live` or `test`."""
    warehouse: Mapped[str | None] = mapped_column(Text)
    """Its address if it has no password; None: a DuckDB file in the data folder."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    removed_at: Mapped[datetime | None]


class Connection(Base):
    """How a company's account is read."""

    __tablename__ = "connections"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("con"))
    company_id: Mapped[str] = mapped_column(
        ForeignKey("companies.id", ondelete="CASCADE"), index=True
    )
    account_id: Mapped[str | None] = mapped_column(String(100))
    account_name: Mapped[str | None] = mapped_column(String(200))
    mode: Mapped[str] = mapped_column(String(4))
    auth_kind: Mapped[str] = mapped_column(String(10))
    """`key`, `connect` or `app`."""
    status: Mapped[str] = mapped_column(String(20), default="connected")
    """`connected`, `paused`, `disconnected` (by us), `revoked` (at Stripe) or `removed`."""
    status_reason: Mapped[str | None] = mapped_column(Text)
    """For people: what happened, and what to do."""
    status_at: Mapped[datetime] = mapped_column(default=now)
    schedule: Mapped[dict[str, Any]] = mapped_column(default=lambda: {"every_minutes": 30})
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The connector's config without anything secret."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class Secret(Base):
    """Something of a connection that is kept encrypted: a key, a token, a webhook's secret."""

    __tablename__ = "secrets"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("sec"))
    connection_id: Mapped[str] = mapped_column(
        ForeignKey("connections.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(40))
    """`api_key`, `access_token`, `refresh_token`, `webhook_secret`; the last may be there twice."""
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]


class OAuthState(Base):
    """The `state` of one click on "connect": bound to a session, used once."""

    __tablename__ = "oauth_states"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_hash: Mapped[str] = mapped_column(String(64))
    company_id: Mapped[str | None] = mapped_column(String(40))
    """On reconnect: the company that is to be opened again."""
    auth_kind: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Delivery(Base):
    """An event that Stripe delivered; it carries no truth and wakes a read."""

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(_NUMBER, primary_key=True, autoincrement=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connections.id", ondelete="CASCADE"))
    event_id: Mapped[str] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(255))
    object_type: Mapped[str | None] = mapped_column(String(255))
    object_id: Mapped[str | None] = mapped_column(String(255))
    account_id: Mapped[str | None] = mapped_column(String(255))
    livemode: Mapped[bool | None] = mapped_column(Boolean)
    is_thin: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime | None]
    """Stripe's `created`."""
    received_at: Mapped[datetime] = mapped_column(default=now)
    status: Mapped[str] = mapped_column(String(20), default="waiting")
    """`waiting`, `read` (no sync has settled it yet), `foreign` (of another account or mode) or
    `done`."""
    done_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("connection_id", "event_id"),
        Index("ix_deliveries_connection_id_status", "connection_id", "status", "id"),
    )


class RefusedDeliveries(Base):
    """How many deliveries of a connection were refused on a day, and why."""

    __tablename__ = "refused_deliveries"

    connection_id: Mapped[str] = mapped_column(
        ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    reason: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[int] = mapped_column(Integer, default=0)
    last_at: Mapped[datetime] = mapped_column(default=now)


class Job(Base):
    """One sync as people see it; the engine for work keeps its own books."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("job"))
    connection_id: Mapped[str] = mapped_column(ForeignKey("connections.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    """`sync`, or `full`: everything is read again."""
    status: Mapped[str] = mapped_column(String(20), default="waiting")
    """`waiting`, `running`, `succeeded`, `failed` or `stopped` (there was nothing to read with)."""
    requested_by: Mapped[str] = mapped_column(String(40), default="schedule")
    requested_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    progress: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str | None] = mapped_column(Text)
    """For people: what failed, and what to do."""

    __table_args__ = (
        Index("ix_jobs_connection_id_status", "connection_id", "status", "requested_at"),
        Index("ix_jobs_connection_id_requested_at", "connection_id", "requested_at"),
        Index("ix_jobs_status", "status", "connection_id"),
    )


class ApiToken(Base):
    """What an application shows to be let in."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("tok"))
    company_id: Mapped[str] = mapped_column(
        ForeignKey("companies.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(200))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(12))
    """Its first characters, by which people tell tokens apart."""
    scopes: Mapped[list[str]]
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AuditEntry(Base):
    """Something that somebody did. Rows are only ever added."""

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(_NUMBER, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    actor: Mapped[str] = mapped_column(String(80))
    """The id of a person or token, `command` for the command line, `service` for itself."""
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str | None] = mapped_column(String(80))
    """The id of what it was done to."""
    company_id: Mapped[str | None] = mapped_column(String(40))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Never anything secret."""
