"""A server's address and collections -> dlt's extract files, read as its Stripe source reads.

    python dlt_stripe.py URL FOLDER customers invoices ...

Each page comes through the `stripe` library and goes to dlt as plain dicts. Only dlt's first step
(extract) is run; normalizing and loading would come on top. The last line printed is the number of
records.
"""

import sys
from collections.abc import Iterator
from typing import Any

import dlt  # type: ignore[import-not-found]
import stripe

_RESOURCES: dict[str, Any] = {
    "customers": stripe.Customer,
    "subscriptions": stripe.Subscription,
    "invoices": stripe.Invoice,
    "charges": stripe.Charge,
    "refunds": stripe.Refund,
    "payouts": stripe.Payout,
}


def pages(collection: str) -> Iterator[list[dict[str, Any]]]:
    """The pages of a list, newest first."""
    filters: dict[str, Any] = {"status": "all"} if collection == "subscriptions" else {}
    while True:
        page = _RESOURCES[collection].list(limit=100, **filters).to_dict()
        yield page["data"]
        if not page["has_more"]:
            return
        filters["starting_after"] = page["data"][-1]["id"]


def main() -> None:
    """Extracts all of it."""
    url, folder, collections = sys.argv[1], sys.argv[2], sys.argv[3:]
    stripe.api_base = url
    stripe.api_key = "rk_live_benchmark"
    resources = [dlt.resource(pages(name), name=name) for name in collections]
    pipeline = dlt.pipeline("benchmark", pipelines_dir=folder, destination="dummy")
    pipeline.extract(resources)
    steps = pipeline.last_trace.last_extract_info.metrics.values()
    counts = [
        table.items_count
        for step in steps
        for metrics in step
        for name, table in metrics["table_metrics"].items()
        if name in collections
    ]
    print(sum(counts))


if __name__ == "__main__":
    main()
