"""The worked examples, each as an input of `derive`."""

import json
from pathlib import Path
from typing import Any

DOCUMENT = json.loads(Path(__file__).with_name("worked_examples.json").read_text("utf-8"))
CASES: list[dict[str, Any]] = DOCUMENT["cases"]
CATALOG = ("prices", "coupons", "discounts", "invoices", "invoiceitems", "events", "horizon", "now")


def input_of(case: dict[str, Any], options: dict[str, Any] | None = None) -> dict[str, Any]:
    """The case's given objects in the shape of `derive`'s input."""
    given = case["given"]
    document = {key: given[key] for key in CATALOG if key in given}
    document["options"] = case.get("config", {}) if options is None else options
    if case["kind"] == "customer":
        shots = [shot for one in given["subscriptions"] for shot in one["snapshots"]]
        document["snapshots"] = shots
        invoices = [raw for one in given["subscriptions"] for raw in one.get("invoices", [])]
        document["invoices"] = [*document.get("invoices", []), *invoices]
    elif "snapshots" in given:
        document["snapshots"] = given["snapshots"]
    if "subscription" in given:
        document["subscriptions"] = [given["subscription"]]
    return document


def expected_rows(case: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Subscription id -> expected rows; the movements of customers belong to the warehouse."""
    expect = case["expect"]
    if "events_by_subscription" in expect:
        return expect["events_by_subscription"]
    return {"sub_1": expect["events"]}


def expected_head(case: dict[str, Any]) -> dict[str, int]:
    """Subscription id -> expected MRR at the head."""
    expect = case["expect"]
    if "final_mrr_by_subscription" in expect:
        return expect["final_mrr_by_subscription"]
    return {"sub_1": expect["final_mrr"]}
