"""`stripe-saas service`: links for people and tokens for programs, printed once.

It writes into the store of a service, which may run meanwhile. Who may read the data folder, or
the store's Postgres, may do this.
"""

from __future__ import annotations

import argparse
import sys

from sqlalchemy import select
from sqlalchemy.orm import Session

from stripe_saas_service.access import people, tokens
from stripe_saas_service.access.policy import Role, Scope
from stripe_saas_service.command import add_places, link_of
from stripe_saas_service.settings import SettingsError, settings_of
from stripe_saas_service.store import audit
from stripe_saas_service.store.migrate import StoreTooNew, migrate
from stripe_saas_service.store.store import Store
from stripe_saas_service.store.tables import Company


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line takes."""
    parser.add_argument(
        "what", choices=("invite", "token"), help="a link for a person, or a token for a program"
    )
    add_places(parser)
    parser.add_argument(
        "--role", choices=[each.value for each in Role], help="invite: what the person will be"
    )
    parser.add_argument(
        "--port", type=int, default=8090, help="invite: the service's (%(default)s)"
    )
    parser.add_argument(
        "--public-url", default="", metavar="URL", help="invite: as `stripe-saas serve` has it"
    )
    parser.add_argument(
        "--scope",
        action="append",
        choices=[each.value for each in Scope],
        help="token: what the program may do; may be given several times",
    )
    parser.add_argument(
        "--company", metavar="ID", help="token: the company that it opens (the only one)"
    )
    parser.add_argument("--name", default="command", help="token: of the program (%(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Prints a link or a token, which the store has as a hash alone.

    Returns:
        0, or 2 if there is nothing to print.
    """
    try:
        print(_made(arguments))
    except (SettingsError, StoreTooNew) as error:
        print(f"stripe-saas service: {error}", file=sys.stderr)
        return 2
    return 0


def _made(arguments: argparse.Namespace) -> str:
    wanted = "role" if arguments.what == "invite" else "scope"
    if getattr(arguments, wanted) is None:
        raise SettingsError(f"{arguments.what} needs --{wanted}.")
    settings = settings_of(
        data=arguments.data,
        store=arguments.store,
        port=arguments.port,
        public_url=arguments.public_url,
    )
    is_file = settings.store_url.startswith("sqlite:")
    if is_file and not settings.folder.store.exists():
        raise SettingsError(
            f"no service has begun in {settings.folder.root}: name its folder by --data."
        )
    store = Store(settings.store_url)
    try:
        migrate(store)
        with store.writing() as session:
            if arguments.what == "invite":
                token = people.invite(session, Role(arguments.role), audit.COMMAND)
                return link_of(settings, token)
            scopes = {Scope(each) for each in arguments.scope}
            company_id = _company_id(session, arguments.company)
            return tokens.make(session, company_id, arguments.name, scopes, actor=audit.COMMAND)[0]
    finally:
        store.close()


def _company_id(session: Session, wanted: str | None) -> str:
    known = session.scalars(
        select(Company).where(Company.removed_at.is_(None)).order_by(Company.created_at)
    ).all()
    if not known:
        raise SettingsError("there is no company yet: connect one first.")
    found = [each.id for each in known if wanted in (None, each.id)]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{each.id} ({each.name})" for each in known)
    raise SettingsError(f"name one of the companies by --company: {listed}.")
