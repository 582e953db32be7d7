"""A row that is in no list -> Stripe's object by id, if there is one.

Prices made on the fly, closed reviews and the like are in no list and exist all the same.
"""

from __future__ import annotations

from source_stripe_saas.api.address import endpoint_of, fill_path
from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.refusal import NotFound
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.records import RecordMaker
from stripe_saas.verify.families import decoded, records_of
from stripe_saas.verify.holdings import Held, Key, Row, key_of


def by_id(plan: StreamPlan, client: StripeClient, key: Key, held: Held) -> dict[Key, Row]:
    """The records that Stripe has under a row's id or, for children, under its parent's.

    Raises:
        StripeError: Stripe does not say.
    """
    source = plan.parent or plan
    identity = key[-1] if plan.parent is None else held.parent
    if identity is None:
        return {}
    try:
        row = client.get(
            fill_path(source.get_path, {"id": identity}),
            [("expand[]", path) for path in plan.expand],
            endpoint=endpoint_of(source.get_path),
        ).body
    except NotFound:
        return {}
    if row.get("deleted"):
        return {}
    maker = RecordMaker(plan, client)
    return {key_of(plan, made): made for made in map(decoded, records_of(maker, row))}
