"""`stripe-saas serve`: the service on one address, until it is ended."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import uvicorn

from stripe_saas_service.access import people
from stripe_saas_service.access.policy import Role
from stripe_saas_service.app import app_of
from stripe_saas_service.service import Service, open_service
from stripe_saas_service.settings import Settings, SettingsError, settings_of
from stripe_saas_service.store import audit
from stripe_saas_service.store.migrate import StoreTooNew
from stripe_saas_service.store.vault import VaultError
from stripe_saas_service.work.engine import DurableJobs

_SECONDS_TO_END = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line takes."""
    add_places(parser)
    parser.add_argument("--host", default="127.0.0.1", help="the address to bind (%(default)s)")
    parser.add_argument("--port", type=int, default=8090, help="the port to bind (%(default)s)")
    parser.add_argument(
        "--behind-proxy",
        action="store_true",
        help="a proxy in front brings TLS; without it, only this machine is served",
    )
    parser.add_argument(
        "--public-url",
        default="",
        metavar="URL",
        help="where browsers and Stripe find the service, https://… behind a proxy",
    )
    parser.add_argument(
        "--only-live", action="store_true", help="refuse keys and accounts of test mode"
    )


def add_places(parser: argparse.ArgumentParser) -> None:
    """The options that say where the service keeps what it knows."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="the folder of store, keys and warehouses (in the user's data folder)",
    )
    parser.add_argument(
        "--store",
        default="",
        metavar="URL",
        help="postgres://user:password@host/name for several processes; also as STRIPE_SAAS_STORE "
        "(a SQLite file in the folder)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serves until a signal.

    Returns:
        0, or 2 if it cannot begin.
    """
    try:
        settings = settings_of(
            data=arguments.data,
            store=arguments.store,
            host=arguments.host,
            port=arguments.port,
            behind_proxy=arguments.behind_proxy,
            public_url=arguments.public_url,
            only_live=arguments.only_live,
        )
        service = open_service(settings)
        service.jobs = DurableJobs(service)
    except (SettingsError, StoreTooNew, VaultError) as error:
        print(f"stripe-saas serve: {error}", file=sys.stderr)
        return 2
    print(f"Stripe for SaaS: {settings.url}", flush=True)
    if link := first_link(service):
        print(f"Nobody can log in yet. This link, once, makes the owner:\n{link}", flush=True)
    serve(service)
    return 0


def first_link(service: Service) -> str | None:
    """A link that makes the first person, None if there is one."""
    if not people.is_empty(service.store):
        return None
    with service.store.writing() as session:
        people.withdraw_invitations(session)
        token = people.invite(session, Role.OWNER, audit.COMMAND)
    return link_of(service.settings, token)


def link_of(settings: Settings, token: str) -> str:
    """The address of an invitation."""
    return f"{settings.url}/invitation/{token}"


def serve(service: Service) -> None:
    """Answers requests until a signal."""
    uvicorn.run(
        app_of(service),
        host=service.settings.host,
        port=service.settings.port,
        # Addresses of invitations hold what must stay out of logs.
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=service.settings.is_behind_proxy,
        timeout_graceful_shutdown=_SECONDS_TO_END,
    )
