"""Who did what, when: written in the transaction of what was done."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from stripe_saas_service.store.tables import AuditEntry

COMMAND = "command"
"""The actor of what the command line did."""

SERVICE = "service"
"""The actor of what the service did by itself."""


def note(
    session: Session,
    actor: str,
    action: str,
    subject: str | None = None,
    *,
    company_id: str | None = None,
    **detail: Any,
) -> None:
    """Adds a line to the audit log.

    Args:
        session: the writing one in which it was done.
        actor: the id of a person or token, `COMMAND` or `SERVICE`.
        action: a word and a verb, such as `connection.paused`.
        subject: the id of what it was done to.
        company_id: of the company that it concerns.
        detail: what else may be shown; never anything secret.
    """
    entry = AuditEntry(
        actor=actor, action=action, subject=subject, company_id=company_id, detail=detail
    )
    session.add(entry)
