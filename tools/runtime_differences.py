"""A stream's plan -> what the engine does beyond the manifest run by the CDK alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from source_stripe_saas.streams.plan import StreamPlan


def differing_fields(plan: StreamPlan) -> set[str]:
    """The fields of a first read's records that differ between the two ways to run the manifest."""
    fields = set(plan.completes)
    if plan.adds_updated:
        fields.add("updated")
    # The rest of a list that Stripe cut comes without what the parent's own request expanded.
    fields |= {path.rpartition(".data.")[2] for path in plan.expand if plan.embedded}
    return fields


def is_followed_by_stock(plan: StreamPlan) -> bool:
    """True if a later read by the CDK asks for what changed, not for everything."""
    return bool(plan.events) and plan.parent is None and plan.is_listed


def runtime_table(plans: Sequence[StreamPlan]) -> str:
    """The differences, as a table in Markdown."""
    rows = [
        ("What", "The engine", "The CDK alone", "Streams"),
        ("---",) * 4,
        (
            "`updated` on a first read",
            "the moment at which the list was read",
            "the object's `created`; none for children",
            _names(plan for plan in plans if plan.adds_updated),
        ),
        (
            "lists inside an object that Stripe cut",
            "read to their end",
            "as Stripe cut them",
            ", ".join(
                f"`{plan.name}.{field}`"
                for plan in plans
                if plan.parent is None
                for field in plan.completes
            ),
        ),
        (
            "later reads",
            "the changed objects, in today's shape",
            "the objects of events, in the event's shape",
            _names(plan for plan in plans if is_followed_by_stock(plan)),
        ),
        (
            "later reads",
            "what changed",
            "everything again",
            _names(
                plan
                for plan in plans
                if plan.is_incremental and (plan.parent is not None or plan.carriers)
            ),
        ),
        (
            "changes without an event of the object's own",
            "read again",
            "not seen",
            _names(
                plan
                for plan in plans
                if plan.parent is None
                and (plan.touched_by or plan.reread or plan.reread_for or plan.open_while)
            ),
        ),
        (
            "a list that is refused or empty",
            "the customers are asked one by one",
            "an error, or nothing",
            _names(plan for plan in plans if plan.fallback),
        ),
        (
            "an access token that is refused before its hour is over",
            "another one is asked for",
            "an error",
            "all",
        ),
        (
            "worked out from other streams",
            "yes",
            "not there",
            _names(plan for plan in plans if plan.derived),
        ),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _names(plans: Iterable[StreamPlan]) -> str:
    return ", ".join(f"`{plan.name}`" for plan in plans)
