"""A reply of a route in; the ways it breaks Stripe's specification out."""

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from stripe_sandbox import stripe_spec

EXPANSIONS = {
    "/v1/charges": ["refunds", "balance_transaction"],
    "/v1/checkout/sessions/{session}/line_items": ["discounts", "taxes"],
    "/v1/coupons": ["applies_to", "currency_options"],
    "/v1/credit_notes": ["refunds.refund"],
    "/v1/customers": ["tax_ids", "tax", "cash_balance", "sources"],
    "/v1/invoiceitems": ["discounts"],
    "/v1/invoices": [
        "discounts",
        "discounts.source.coupon",
        "lines.data.discounts",
        "total_taxes.tax_rate_details.tax_rate",
        "payments",
    ],
    "/v1/invoices/{invoice}/lines": ["discounts.source.coupon", "taxes.tax_rate_details.tax_rate"],
    "/v1/payouts": ["balance_transaction"],
    "/v1/plans": ["tiers"],
    "/v1/prices": ["tiers", "currency_options"],
    "/v1/promotion_codes": ["promotion.coupon"],
    "/v1/quotes": ["discounts", "line_items"],
    "/v1/refunds": ["balance_transaction"],
    "/v1/shipping_rates": ["fixed_amount.currency_options"],
    "/v1/subscriptions": ["discounts", "discounts.source.coupon", "items.data.discounts"],
    "/v1/transfers": ["balance_transaction"],
}
"""List route -> what is worth expanding in its objects."""


MISTAKEN_URLS = ("/v1/billing/credit_balance_transactions",)
"""Lists whose `url` is, by the specification's slip, that of another list."""


def breaches(path: str, content: dict[str, Any]) -> list[str]:
    """Where a reply of a route differs from what the specification says of it."""
    found = _validator(path).iter_errors(content)
    return [
        f"{error.json_path}: {error.message[:200]}"
        for error in found
        if not (path in MISTAKEN_URLS and error.json_path == "$.url")
    ]


def payload_breaches(event: dict[str, Any]) -> list[str]:
    """Where an event's object differs from what the specification says of its kind."""
    content = event["data"]["object"]
    found = _object_validator(content["object"]).iter_errors(content)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


@cache
def _object_validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": {"schemas": _all_schemas()}}
    )


@cache
def _validator(path: str) -> Draft202012Validator:
    return Draft202012Validator(
        {
            **_json_schema(stripe_spec.load()["paths"][path]["get"]["schema"]),
            "components": {"schemas": _all_schemas()},
        }
    )


@cache
def _all_schemas() -> dict[str, Any]:
    return {name: _json_schema(schema) for name, schema in stripe_spec.load()["schemas"].items()}


def _json_schema(schema: Any) -> Any:
    """OpenAPI 3.0 says `nullable`, JSON Schema lists null among what is allowed."""
    if isinstance(schema, list):
        return [_json_schema(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: {name: _json_schema(part) for name, part in value.items()}
        if key == "properties"
        else _json_schema(value)
        for key, value in schema.items()
        if key not in ("nullable", "x-expansionResources", "x-expandableFields", "format")
    }
    return {"anyOf": [kept, {"type": "null"}]} if schema.get("nullable") is True else kept
