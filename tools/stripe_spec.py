"""Stripe's OpenAPI specification and samples in; the compressed extracts the sandbox ships out.

    python -m tools.stripe_spec SPECIFICATION SAMPLES [--out DIRECTORY]

The extract holds the GET routes of the connector's streams and every schema these can reach, in
structure alone: Stripe's sentences stay behind.
"""

from __future__ import annotations

import argparse
import gzip
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

ROUTES = (
    "/v1/account",
    "/v1/accounts",
    "/v1/accounts/{account}",
    "/v1/accounts/{account}/external_accounts",
    "/v1/accounts/{account}/external_accounts/{id}",
    "/v1/accounts/{account}/persons",
    "/v1/accounts/{account}/persons/{person}",
    "/v1/application_fees",
    "/v1/application_fees/{fee}/refunds/{id}",
    "/v1/application_fees/{id}",
    "/v1/application_fees/{id}/refunds",
    "/v1/balance_transactions",
    "/v1/balance_transactions/{id}",
    "/v1/billing/alerts",
    "/v1/billing/alerts/{id}",
    "/v1/billing/credit_balance_transactions",
    "/v1/billing/credit_balance_transactions/{id}",
    "/v1/billing/credit_grants",
    "/v1/billing/credit_grants/{id}",
    "/v1/billing/meters",
    "/v1/billing/meters/{id}",
    "/v1/billing/meters/{id}/event_summaries",
    "/v1/charges",
    "/v1/charges/{charge}",
    "/v1/charges/{charge}/refunds",
    "/v1/checkout/sessions",
    "/v1/checkout/sessions/{session}",
    "/v1/checkout/sessions/{session}/line_items",
    "/v1/coupons",
    "/v1/coupons/{coupon}",
    "/v1/credit_notes",
    "/v1/credit_notes/{credit_note}/lines",
    "/v1/credit_notes/{id}",
    "/v1/customers",
    "/v1/customers/{customer}",
    "/v1/customers/{customer}/balance_transactions",
    "/v1/customers/{customer}/balance_transactions/{transaction}",
    "/v1/customers/{customer}/cash_balance_transactions",
    "/v1/customers/{customer}/cash_balance_transactions/{transaction}",
    "/v1/customers/{customer}/payment_methods",
    "/v1/customers/{customer}/payment_methods/{payment_method}",
    "/v1/customers/{customer}/sources",
    "/v1/customers/{customer}/sources/{id}",
    "/v1/customers/{customer}/subscriptions",
    "/v1/customers/{customer}/tax_ids",
    "/v1/customers/{customer}/tax_ids/{id}",
    "/v1/disputes",
    "/v1/disputes/{dispute}",
    "/v1/entitlements/active_entitlements",
    "/v1/entitlements/active_entitlements/{id}",
    "/v1/entitlements/features",
    "/v1/entitlements/features/{id}",
    "/v1/events",
    "/v1/events/{id}",
    "/v1/exchange_rates",
    "/v1/exchange_rates/{rate_id}",
    "/v1/file_links",
    "/v1/file_links/{link}",
    "/v1/files",
    "/v1/files/{file}",
    "/v1/invoice_payments",
    "/v1/invoice_payments/{invoice_payment}",
    "/v1/invoiceitems",
    "/v1/invoiceitems/{invoiceitem}",
    "/v1/invoices",
    "/v1/invoices/{invoice}",
    "/v1/invoices/{invoice}/lines",
    "/v1/issuing/authorizations",
    "/v1/issuing/authorizations/{authorization}",
    "/v1/issuing/cardholders",
    "/v1/issuing/cardholders/{cardholder}",
    "/v1/issuing/cards",
    "/v1/issuing/cards/{card}",
    "/v1/issuing/disputes",
    "/v1/issuing/disputes/{dispute}",
    "/v1/issuing/transactions",
    "/v1/issuing/transactions/{transaction}",
    "/v1/payment_intents",
    "/v1/payment_intents/{intent}",
    "/v1/payment_links",
    "/v1/payment_links/{payment_link}",
    "/v1/payment_links/{payment_link}/line_items",
    "/v1/payment_methods",
    "/v1/payment_methods/{payment_method}",
    "/v1/payouts",
    "/v1/payouts/{payout}",
    "/v1/plans",
    "/v1/plans/{plan}",
    "/v1/prices",
    "/v1/prices/{price}",
    "/v1/products",
    "/v1/products/{id}",
    "/v1/products/{product}/features",
    "/v1/products/{product}/features/{id}",
    "/v1/promotion_codes",
    "/v1/promotion_codes/{promotion_code}",
    "/v1/quotes",
    "/v1/quotes/{quote}",
    "/v1/quotes/{quote}/computed_upfront_line_items",
    "/v1/quotes/{quote}/line_items",
    "/v1/radar/early_fraud_warnings",
    "/v1/radar/early_fraud_warnings/{early_fraud_warning}",
    "/v1/radar/value_list_items",
    "/v1/radar/value_list_items/{item}",
    "/v1/radar/value_lists",
    "/v1/radar/value_lists/{value_list}",
    "/v1/refunds",
    "/v1/refunds/{refund}",
    "/v1/reviews",
    "/v1/reviews/{review}",
    "/v1/setup_attempts",
    "/v1/setup_intents",
    "/v1/setup_intents/{intent}",
    "/v1/shipping_rates",
    "/v1/shipping_rates/{shipping_rate_token}",
    "/v1/subscription_items",
    "/v1/subscription_items/{item}",
    "/v1/subscription_schedules",
    "/v1/subscription_schedules/{schedule}",
    "/v1/subscriptions",
    "/v1/subscriptions/{subscription_exposed_id}",
    "/v1/tax/registrations",
    "/v1/tax/registrations/{id}",
    "/v1/tax_ids",
    "/v1/tax_ids/{id}",
    "/v1/tax_rates",
    "/v1/tax_rates/{tax_rate}",
    "/v1/test_helpers/test_clocks",
    "/v1/test_helpers/test_clocks/{test_clock}",
    "/v1/topups",
    "/v1/topups/{topup}",
    "/v1/transfers",
    "/v1/transfers/{id}/reversals",
    "/v1/transfers/{transfer}",
    "/v1/transfers/{transfer}/reversals/{id}",
)

EXTRA_SCHEMAS = ("discount", "error")
"""Schemas no route above leads to, but which events or refusals carry."""

STRUCTURAL_KEYS = frozenset(
    {
        "$ref",
        "additionalProperties",
        "allOf",
        "anyOf",
        "enum",
        "explode",
        "format",
        "in",
        "items",
        "maxLength",
        "name",
        "nullable",
        "oneOf",
        "pattern",
        "required",
        "schema",
        "style",
        "type",
        "x-expandableFields",
        "x-expansionResources",
        "x-resourceId",
    }
)

SAMPLE_KINDS = (
    "account",
    "application_fee",
    "balance_transaction",
    "bank_account",
    "billing.alert",
    "billing.credit_balance_transaction",
    "billing.credit_grant",
    "billing.meter",
    "card",
    "charge",
    "checkout.session",
    "coupon",
    "credit_note",
    "credit_note_line_item",
    "customer",
    "customer_balance_transaction",
    "customer_cash_balance_transaction",
    "discount",
    "dispute",
    "entitlements.active_entitlement",
    "entitlements.active_entitlement_summary",
    "entitlements.feature",
    "event",
    "exchange_rate",
    "fee_refund",
    "file",
    "file_link",
    "invoice",
    "invoice_payment",
    "invoiceitem",
    "issuing.authorization",
    "issuing.card",
    "issuing.cardholder",
    "issuing.dispute",
    "issuing.transaction",
    "item",
    "line_item",
    "payment_intent",
    "payment_link",
    "payment_method",
    "payout",
    "person",
    "plan",
    "price",
    "product",
    "product_feature",
    "promotion_code",
    "quote",
    "radar.early_fraud_warning",
    "radar.value_list",
    "radar.value_list_item",
    "refund",
    "review",
    "setup_attempt",
    "setup_intent",
    "shipping_rate",
    "subscription",
    "subscription_item",
    "subscription_schedule",
    "tax.registration",
    "tax_id",
    "tax_rate",
    "topup",
    "transfer",
    "transfer_reversal",
)

SPEC_FILE = "stripe_spec.json.gz"
SAMPLES_FILE = "samples.json.gz"
DATA_DIRECTORY = Path(__file__).parents[1] / "stripe_sandbox" / "data"


def extract(spec: dict[str, Any], *, is_partial: bool = False) -> dict[str, Any]:
    """The part of Stripe's specification that the sandbox and the schema generator use.

    Args:
        spec: the whole specification, as parsed from `openapi.spec3.json`.
        is_partial: routes and schemas that it lacks are left out, to compare it with another.

    Returns:
        `{"version", "paths": {path: {"get": {"parameters", "schema"}}}, "schemas": {name: schema},
        "listed": [name], "events": [type]}` where `schema` of a path is that of its reply with
        status 200, and `listed` names all objects that some list shows, read by us or not.

    Raises:
        KeyError: a route of ours is not in the specification.
    """
    routes = [path for path in ROUTES if path in spec["paths"]] if is_partial else ROUTES
    paths = {path: {"get": _operation(spec["paths"][path]["get"])} for path in routes}
    schemas = spec["components"]["schemas"]
    extra = [name for name in EXTRA_SCHEMAS if not is_partial or name in schemas]
    names = _reachable(schemas, [*_references(paths), *extra])
    return {
        "version": spec["info"]["version"],
        "paths": paths,
        "schemas": {name: _structure(schemas[name]) for name in sorted(names)},
        "listed": sorted(_listed(spec["paths"].values())),
        "events": sorted(_event_types(spec["paths"])),
    }


def _listed(paths: Iterable[Any]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        replies = path.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        properties = replies.get("application/json", {}).get("schema", {}).get("properties", {})
        if "has_more" in properties:
            found.update(_references(properties["data"]["items"]))
    return found


def _event_types(paths: Mapping[str, Any]) -> list[str]:
    """All types of events, which the specification names where endpoints of webhooks are made."""
    body = paths["/v1/webhook_endpoints"]["post"]["requestBody"]["content"]
    form = body["application/x-www-form-urlencoded"]["schema"]["properties"]
    return [name for name in form["enabled_events"]["items"]["enum"] if name != "*"]


def extract_samples(fixtures: dict[str, Any]) -> dict[str, Any]:
    """Object name -> Stripe's published sample, for the kinds the sandbox serves."""
    return {name: fixtures["resources"][name] for name in SAMPLE_KINDS}


def write(path_in: Path, path_out: Path) -> None:
    """Extracts the specification at `path_in` into `path_out`; same input, same bytes."""
    write_compressed(extract(orjson.loads(path_in.read_bytes())), path_out)


def write_samples(path_in: Path, path_out: Path) -> None:
    """Extracts the samples at `path_in` into `path_out`; same input, same bytes."""
    write_compressed(extract_samples(orjson.loads(path_in.read_bytes())), path_out)


def write_compressed(content: dict[str, Any], path_out: Path) -> None:
    """Writes JSON, gzipped without a time or a file name, so that nothing but content shows."""
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=9, mtime=0) as stream:
        stream.write(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))
    path_out.write_bytes(packed.getvalue())


def _operation(operation: dict[str, Any]) -> dict[str, Any]:
    reply = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return {
        "parameters": [_structure(parameter) for parameter in operation.get("parameters", [])],
        "schema": _structure(reply),
    }


def _structure(node: Any) -> Any:
    """A schema or parameter without texts; names of properties are never mistaken for keywords."""
    if isinstance(node, list):
        return [_structure(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _structure(value) for key, value in node.items() if key in STRUCTURAL_KEYS}
    if "properties" in node:
        kept["properties"] = {name: _structure(value) for name, value in node["properties"].items()}
    return kept


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for entry in node:
            yield from _references(entry)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value.rsplit("/", 1)[1]
            else:
                yield from _references(value)


def _reachable(schemas: dict[str, Any], names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_references(_structure(schemas[name])))
    return found


def main() -> None:
    """Writes both extracts."""
    parser = argparse.ArgumentParser(description="Write the sandbox's extracts of Stripe's data.")
    parser.add_argument("specification", type=Path)
    parser.add_argument("samples", type=Path)
    parser.add_argument("--out", type=Path, default=DATA_DIRECTORY)
    arguments = parser.parse_args()
    write(arguments.specification, arguments.out / SPEC_FILE)
    write_samples(arguments.samples, arguments.out / SAMPLES_FILE)


if __name__ == "__main__":
    main()
