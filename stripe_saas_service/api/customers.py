"""Customers and their subscriptions: what an application keeps to open or close its features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from stripe_saas_service.api.answers import SNAPSHOT_RESPONSES, AsOf, as_of, listed, plain
from stripe_saas_service.api.company import SnapshotOf
from stripe_saas_service.problems import Problem
from stripe_saas_service.snapshot.reader import Snapshot

router = APIRouter(prefix="/api/customers", tags=["Customers"])


class Item(BaseModel):
    """An item of a subscription."""

    id: str = Field(examples=["si_1"])
    price_id: str | None = Field(examples=["price_1"])
    product_id: str | None = Field(examples=["prod_1"])
    plan: str | None = Field(examples=["Pro monthly"])
    usage_type: str | None = Field(description="`licensed` or `metered`.", examples=["licensed"])
    meter_id: str | None = Field(description="To report use to.", examples=[None])
    quantity: int | None = Field(examples=[5])


class Subscription(BaseModel):
    """A subscription that runs, or the last one that ended."""

    id: str = Field(examples=["sub_1"])
    status: str = Field(description="Stripe's.", examples=["active"])
    has_access: bool = Field(description="`active`, `trialing` or `past_due`.", examples=[True])
    plan: str | None = Field(examples=["Pro monthly"])
    tier: str | None = Field(examples=["pro"])
    product_id: str | None = Field(examples=["prod_1"])
    quantity: int | None = Field(description="Seats or units.", examples=[5])
    trial_ends_at: str | None = Field(examples=[None])
    period_ends_at: str | None = Field(examples=["2026-06-01T00:00:00Z"])
    cancel_at: str | None = Field(description="When it is to end.", examples=[None])
    items: list[Item]


class Health(BaseModel):
    """How it stands with a customer."""

    payment: str | None = Field(
        description="`past_due`, `failing`, `disputed`, `good` or `unknown`.", examples=["good"]
    )
    is_at_risk: bool | None = Field(description="For any reason.", examples=[False])


class CustomerFields(BaseModel):
    """A customer: one of your own ids, or a Stripe customer that none was found for."""

    id: str = Field(description="Your own id, or Stripe's.", examples=["acme-42"])
    stripe_customer_ids: list[str] = Field(examples=[["cus_1"]])
    name: str | None = Field(examples=["Acme"])
    email: str | None = Field(examples=["billing@acme.example"])
    stage: str | None = Field(description="Of its life with you.", examples=["customer"])
    currency: str | None = Field(examples=["usd"])
    currency_exponent: int | None = Field(
        description="Minor units divided by ten to this power are whole units.", examples=[2]
    )
    mrr_minor: int | None = Field(description="In minor units.", examples=[24500])
    arr_minor: int | None = Field(description="Twelve times the MRR.", examples=[294000])
    renews_at: str | None = Field(examples=["2026-06-01T00:00:00Z"])
    cancel_at: str | None = Field(examples=[None])
    tier: str | None = Field(examples=["pro"])
    revenue_tier: str | None = Field(examples=[None])
    is_deleted: bool | None = Field(examples=[False])
    health: Health
    subscriptions: list[Subscription]


class Customer(CustomerFields, AsOf):
    """One customer, as of a moment."""


class Customers(AsOf):
    """A page of customers, in the order of their ids."""

    data: list[CustomerFields]
    next: str | None = Field(
        description="Send it as `after` for the next page; null on the last.", examples=[None]
    )


@router.get("", responses=SNAPSHOT_RESPONSES)
def customers(
    snapshot: SnapshotOf,
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most.")] = 50,
    after: Annotated[
        str | None, Query(max_length=500, description="`next` of the page before.")
    ] = None,
    stage: Annotated[
        str | None, Query(max_length=100, description="Only those of a stage of life.")
    ] = None,
) -> Customers:
    """All customers, page by page."""
    where, values = ["true"], []
    for condition, value in (("client_id > ?", after), ("lifecycle_stage = ?", stage)):
        if value is not None:
            where.append(condition)
            values.append(value)
    rows = snapshot.database.rows(
        f"select * from {snapshot.table('customers')} where {' and '.join(where)} "
        f"order by client_id limit {limit + 1}",
        *values,
    )
    page = rows[:limit]
    return Customers(
        **as_of(snapshot),
        data=_with_subscriptions(snapshot, page),
        next=page[-1]["client_id"] if len(rows) > limit else None,
    )


@router.get("/{customer:path}", responses=SNAPSHOT_RESPONSES)
def customer(
    snapshot: SnapshotOf,
    customer: Annotated[
        str,
        Path(
            max_length=500,
            description="Your own id, Stripe's (`cus_…`), or an e-mail address.",
            examples=["acme-42"],
        ),
    ],
) -> Customer:
    """One customer. An own id goes before Stripe's, and that before an e-mail address."""
    ids = _ids_of(snapshot, customer)
    if not ids:
        raise Problem(
            404,
            "No such customer",
            "As of the last sync nobody has this id or e-mail address. A customer that is new at "
            "Stripe is here within seconds if deliveries are connected.",
        )
    if len(ids) > 1:
        raise Problem(
            409, "Several customers", f"They share this e-mail address: {', '.join(ids[:10])}."
        )
    rows = snapshot.database.rows(
        f"select * from {snapshot.table('customers')} where client_id = ?", ids[0]
    )
    [fields] = _with_subscriptions(snapshot, rows[:1])
    return Customer(**as_of(snapshot), **fields.model_dump())


def _ids_of(snapshot: Snapshot, text: str) -> list[str]:
    """The customers that a text may name, by the first way that finds one."""
    clients, identities = snapshot.table("customers"), snapshot.table("identity_map")
    known = f"client_id in (select client_id from {clients})"
    ways = (
        f"select client_id from {clients} where client_id = ?",
        f"select client_id from {identities} where customer_id = ? and {known}",
        f"select client_id from {identities} where lower(email) = lower(?) and {known}",
        f"select client_id from {clients} where lower(email) = lower(?)",
    )
    for sql in ways:
        if rows := snapshot.database.rows(
            f"select distinct client_id from ({sql}) order by 1", text
        ):
            return [str(row["client_id"]) for row in rows]
    return []


def _with_subscriptions(snapshot: Snapshot, rows: Sequence[dict[str, Any]]) -> list[CustomerFields]:
    ids = [row["client_id"] for row in rows]
    subscriptions = _by_client(snapshot, "user_subscription_state", ids, "subscription_id")
    items = _by_client(snapshot, "subscription_items_current", ids, "subscription_item_id")
    identities = _by_client(snapshot, "identity_map", ids, "customer_id")
    return [
        CustomerFields(
            id=row["client_id"],
            stripe_customer_ids=[each["customer_id"] for each in identities[row["client_id"]]],
            stage=row["lifecycle_stage"],
            health=Health(payment=row["payment_health"], is_at_risk=row["is_at_risk"]),
            subscriptions=[
                _subscription(each, items[row["client_id"]])
                for each in subscriptions[row["client_id"]]
                if each["subscription_id"]
            ],
            **{name: plain(row[name]) for name in _SAME},
        )
        for row in rows
    ]


_SAME = (
    *("name", "email", "currency", "currency_exponent", "mrr_minor", "arr_minor", "renews_at"),
    *("cancel_at", "tier", "revenue_tier", "is_deleted"),
)


def _subscription(row: dict[str, Any], items: Sequence[dict[str, Any]]) -> Subscription:
    current = [
        Item(
            id=each["subscription_item_id"],
            **{name: plain(each[name]) for name in Item.model_fields if name != "id"},
        )
        for each in items
        if each["subscription_id"] == row["subscription_id"]
    ]
    return Subscription(
        id=row["subscription_id"],
        # Of one that ended, the marts keep the ids of its items alone.
        items=current or [_former(each) for each in listed(row["item_ids"])],
        **{
            name: plain(row[name])
            for name in Subscription.model_fields
            if name not in ("id", "items")
        },
    )


def _former(item_id: str) -> Item:
    nothing = dict.fromkeys(name for name in Item.model_fields if name != "id")
    return Item.model_validate({"id": item_id, **nothing})


def _by_client(
    snapshot: Snapshot, mart: str, ids: Sequence[str], order: str
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {each: [] for each in ids}
    if ids:
        marks = ", ".join("?" * len(ids))
        rows = snapshot.database.rows(
            f"select * from {snapshot.table(mart)} where client_id in ({marks}) order by {order}",
            *ids,
        )
        for row in rows:
            found[row["client_id"]].append(row)
    return found
