"""The manifest -> each stream's plan, without the seconds that loading the CDK takes."""

from __future__ import annotations

from source_stripe_saas.config import resources
from source_stripe_saas.streams.plan import StreamPlan, plans_of


def load_plans() -> dict[str, StreamPlan]:
    """The plans of the manifest's streams, by name, in the manifest's order."""
    manifest = resources.manifest()
    # Of what the streams refer to, only this is more than the CDK's business.
    defaults = manifest["definitions"]["stream"]
    return plans_of({**defaults, **stream} for stream in manifest["streams"])
