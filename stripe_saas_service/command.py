"""`stripe-saas serve`: the service on one address, until it is ended."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn
from filelock import FileLock, Timeout

from stripe_saas_service.access import people
from stripe_saas_service.access.policy import Role
from stripe_saas_service.app import app_of
from stripe_saas_service.service import Service, open_service
from stripe_saas_service.settings import Settings, SettingsError, settings_of
from stripe_saas_service.store import audit
from stripe_saas_service.store.migrate import StoreTooNew
from stripe_saas_service.store.vault import VaultError
from stripe_saas_service.workflows.engine import DurableJobs

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
        0, 1 if it could not start, or 2 if settings, store or keys forbid it.
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
        with _alone(settings), _bound(settings) as listener:
            service = open_service(settings)
            with service.store.reading() as session:
                service.vault.check(session)
            service.jobs = DurableJobs(service)
            print(f"Stripe for SaaS: {settings.url}", flush=True)
            if link := first_link(service):
                print(
                    f"Nobody can log in yet. This link, once, makes the owner:\n{link}", flush=True
                )
            return serve(service, listener)
    except (SettingsError, StoreTooNew, VaultError) as error:
        print(f"stripe-saas serve: {error}", file=sys.stderr)
        return 2


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Holds the folder, where the store is a file in it: one process works off its jobs.

    Raises:
        SettingsError: another service holds it.
    """
    if not settings.store_url.startswith("sqlite:"):
        yield
        return
    root = settings.folder.root
    lock = FileLock(root / "serve.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise SettingsError(
            f"another service uses {root}: end it, name another folder by --data, or let several "
            "share a Postgres by --store."
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _bound(settings: Settings) -> Iterator[socket.socket]:
    """Listens before anything is changed: a port that is taken starts no jobs.

    Raises:
        SettingsError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family)
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or error
        raise SettingsError(
            f"port {settings.port} of {settings.host} cannot be bound ({said}): name another one "
            "by --port."
        ) from None
    with listener:
        yield listener


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


def serve(service: Service, listener: socket.socket) -> int:
    """Answers requests until a signal.

    Args:
        service: its parts are open.
        listener: is bound already.

    Returns:
        0, or 1 if it could not start.
    """
    config = uvicorn.Config(
        app_of(service),
        # Addresses of invitations hold what must stay out of logs.
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=service.settings.is_behind_proxy,
        timeout_graceful_shutdown=_SECONDS_TO_END,
    )
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    return 0 if server.started else 1
