"""Accounts filled with objects made from Stripe's published samples."""

from stripe_sandbox.samples.changes import breadth_advance
from stripe_sandbox.samples.connect import own_account
from stripe_sandbox.samples.evolution import advance
from stripe_sandbox.samples.fill import SAMPLES_NOW, breadth, fill

__all__ = ["SAMPLES_NOW", "advance", "breadth", "breadth_advance", "fill", "own_account"]
