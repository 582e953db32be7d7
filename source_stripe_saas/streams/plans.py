"""The manifest -> each stream's plan, without the seconds that loading the CDK takes."""

from __future__ import annotations

from functools import cache

from source_stripe_saas.config import resources
from source_stripe_saas.streams.manifest_entries import entries_of
from source_stripe_saas.streams.plan import StreamPlan, plans_of


@cache
def load_plans() -> dict[str, StreamPlan]:
    """The plans of the manifest's streams, by name, in the manifest's order."""
    return plans_of(entries_of(resources.manifest()))
