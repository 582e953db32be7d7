"""Stripe to your warehouse, complete and exact: an Airbyte source for SaaS companies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from source_stripe_saas.source import SourceStripeSaas

__all__ = ["SourceStripeSaas"]


def __getattr__(name: str) -> Any:
    # Loading the CDK takes three seconds: whoever does not need it should not pay for it.
    if name == "SourceStripeSaas":
        from source_stripe_saas.source import SourceStripeSaas

        return SourceStripeSaas
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
