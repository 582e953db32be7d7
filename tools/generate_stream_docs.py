"""The manifest in; `docs/streams.md`, one row a stream, out.

python -m tools.generate_stream_docs
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from source_stripe_saas.connection.permissions import ALSO_NAMED, PREFIX, label
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.plans import load_plans
from tools import descriptions
from tools.left_out import left_out_table
from tools.reading_in_words import reading_in_words
from tools.runtime_differences import runtime_table
from tools.stream_schema import expanded_paths

FILE = Path(__file__).parents[1] / "docs" / "streams.md"

MAIN_STREAMS = 6
"""The manifest names these first: customers, subscriptions, invoices, charges, refunds, payouts."""

HEAD = """\
# Streams

Written by `python -m tools.generate_stream_docs` from the manifest; a test holds it current.

- **Key**: the columns that name one row.
- **Cursor**: what a later sync goes on from. Streams without one are read whole on every sync.
- **Deletions**: yes where a row of an object that is gone comes once more, with `is_deleted`.
- **Reading**: *windows of `created`* list what came to be, stretch by stretch; the *change feed*
  asks Stripe's events what changed and fetches just that. A stream that falls behind the 30 days
  that Stripe keeps events for is read whole again.
- **Permission**: what a restricted key must be allowed to read: the row on Stripe's key page, whose
  wording changes at times, and the permission's own name. Where there are two, keys differ: the one
  that Stripe's refusal names is needed. The change feed needs Events (`rak_event_read`) as well.
- **Expanded**: references that come as whole objects. All others are ids.

"""

NOT_READ = """\
## What is not read

Every other object that Stripe's specification lists, and why; a test holds the list complete.

"""

RUNTIMES = """\
## The manifest run by the CDK alone

`source_stripe_saas/manifest.yaml` is a standard low-code manifest, which Airbyte's CDK runs without
the connector's engine: `source-declarative-manifest read --manifest-path manifest.yaml …`, with
`AIRBYTE_ENABLE_UNSAFE_CODE=true` for its two small classes. With the connector's own
config, `source-stripe-saas read --runtime cdk …` does the same. States of the two runtimes are not
interchangeable. `integration_tests/stock_runtime` reads an account by both and compares ids and
contents. This is what differs:

"""

COLUMNS = (
    "Stream",
    "One row is",
    "Stripe object",
    "Key",
    "Cursor",
    "Deletions",
    "Reading",
    "Permission",
    "Expanded",
)


def stream_docs() -> str:
    """The text of `docs/streams.md`."""
    plans = list(load_plans().values())
    return (
        HEAD
        + f"## The six main streams\n\n{_table(plans[:MAIN_STREAMS])}"
        + f"\n## All others\n\n{_table(plans[MAIN_STREAMS:])}"
        + f"\n{NOT_READ}{left_out_table()}"
        + f"\n{RUNTIMES}{runtime_table(plans)}"
    )


def _table(plans: Iterable[StreamPlan]) -> str:
    texts = descriptions.load()
    rows = [COLUMNS, ("---",) * len(COLUMNS)]
    rows += [_row(plan, texts.of_stream(plan.name)) for plan in plans]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(plan: StreamPlan, text: str) -> tuple[str, ...]:
    return (
        f"`{plan.name}`",
        text.rstrip("."),
        f"`{plan.object}`",
        _codes(plan.primary_key),
        f"`{plan.cursor_field}`" if plan.is_incremental else "none",
        "yes" if plan.adds_is_deleted else "no",
        reading_in_words(plan),
        _permission(plan),
        _codes(expanded_paths(plan)),
    )


def _permission(plan: StreamPlan) -> str:
    if plan.carriers:
        needed = dict.fromkeys(carrier.permission for carrier in plan.carriers)
        return ", ".join(f"{label(name)} (`{PREFIX}{name}`)" for name in needed)
    names = (plan.permission, *ALSO_NAMED.get(plan.name, ()))
    return " or ".join(f"{label(name)} (`{PREFIX}{name}`)" for name in names)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main() -> None:
    """Writes the file."""
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(stream_docs(), encoding="utf-8")


if __name__ == "__main__":
    main()
