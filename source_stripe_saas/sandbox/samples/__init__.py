"""Accounts filled with objects made from Stripe's published samples."""

from source_stripe_saas.sandbox.samples.changes import breadth_advance
from source_stripe_saas.sandbox.samples.connect import own_account
from source_stripe_saas.sandbox.samples.evolution import advance
from source_stripe_saas.sandbox.samples.fill import SAMPLES_NOW, breadth, fill

__all__ = ["SAMPLES_NOW", "advance", "breadth", "breadth_advance", "fill", "own_account"]
