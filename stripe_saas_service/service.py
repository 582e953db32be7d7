"""The parts of a running service, and how a route gets hold of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from stripe_saas_service.hashing import Passwords
from stripe_saas_service.jobs.interface import Jobs
from stripe_saas_service.jobs.stored import StoredJobs
from stripe_saas_service.settings import Settings
from stripe_saas_service.snapshot.reader import Snapshots
from stripe_saas_service.store.deliveries import DeliveryWriter
from stripe_saas_service.store.migrate import migrate
from stripe_saas_service.store.store import Store
from stripe_saas_service.store.tables import Company
from stripe_saas_service.store.vault import Vault, open_vault


@dataclass
class Service:
    """What the routes of one process share."""

    settings: Settings
    store: Store
    vault: Vault
    passwords: Passwords
    jobs: Jobs
    deliveries: DeliveryWriter
    snapshots: Snapshots


def open_service(settings: Settings) -> Service:
    """Opens the parts; the store is made, or brought up to date.

    Raises:
        StoreTooNew: a newer version has used the store.
        VaultError: the keys of the secrets cannot be read.
    """
    store = Store(settings.store_url)
    migrate(store)
    return Service(
        settings=settings,
        store=store,
        vault=open_vault(settings.folder, settings.vault_keys),
        passwords=Passwords(settings.password_memory_kib),
        jobs=StoredJobs(store),
        deliveries=DeliveryWriter(store),
        snapshots=Snapshots(settings.folder.snapshots),
    )


def warehouse_of(service: Service, company: Company) -> str:
    """The address of a company's warehouse."""
    file = service.settings.folder.warehouses / f"{company.id}.duckdb"
    return company.warehouse or f"duckdb:///{file}"


def service_of(request: Request) -> Service:
    """The dependency of a route that needs the parts."""
    found: Service = request.app.state.service
    return found


ServiceOf = Annotated[Service, Depends(service_of)]
