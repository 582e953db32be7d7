"""Settings -> the ASGI application. A module with routes is named in `ROUTERS`.

A new route needs three things: its function in a module's `router`, its line in `access/policy.py`,
and nothing else. `guard` runs before every route; one without a line in the table is not built.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import APIRouter, Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from stripe_saas_service import health
from stripe_saas_service.access.guard import guard
from stripe_saas_service.access.policy import POLICY
from stripe_saas_service.api import (
    customers,
    definitions,
    integration,
    keeping,
    mrr,
    reference,
    subscription_events,
)
from stripe_saas_service.connect import routes as connecting
from stripe_saas_service.connect import webhook
from stripe_saas_service.envelope import Envelope
from stripe_saas_service.hooks import receiving
from stripe_saas_service.problems import add_handlers
from stripe_saas_service.service import Service, open_service
from stripe_saas_service.settings import Settings
from stripe_saas_service.web import assets, home, invitation, login

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    assets.router,
    login.router,
    invitation.router,
    home.router,
    integration.router,
    keeping.router,
    customers.router,
    subscription_events.router,
    mrr.router,
    definitions.router,
    reference.router,
    receiving.router,
    connecting.router,
    webhook.router,
)


def create_app(settings: Settings) -> Envelope:
    """Opens the service and puts its routes together.

    Raises:
        StoreTooNew: a newer version has used the store.
        VaultError: the keys of the secrets cannot be read.
    """
    return app_of(open_service(settings))


def app_of(service: Service) -> Envelope:
    """The application over parts that are open already; it starts and stops the jobs."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(service.jobs.start)
        try:
            yield
        finally:
            await run_in_threadpool(service.jobs.stop)
            service.deliveries.stop()
            service.store.close()

    app = FastAPI(
        title="Stripe for SaaS",
        version=version("source-stripe-saas"),
        description="Recurring revenue, customers and their plans, read from Stripe.",
        dependencies=[Depends(guard)],
        lifespan=lifespan,
        # Ours are routes like all others, behind the same guard.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    add_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    if differing := {name for name, _ in named_routes()} ^ POLICY.keys():
        raise RuntimeError(f"routes and access/policy.py differ: {', '.join(sorted(differing))}")
    # As a middleware it would not see the answer to an error that nobody expected.
    return Envelope(app, hosts=service.settings.hosts, is_https=service.settings.is_https)


def named_routes() -> Iterator[tuple[str, APIRoute]]:
    """All routes, by the names that the table of who may what has for them."""
    for router in ROUTERS:
        for route in router.routes:
            if not isinstance(route, APIRoute):
                raise RuntimeError(f"{route} would not pass the guard")
            for method in sorted(route.methods or ()):
                yield f"{method} {route.path_format}", route
