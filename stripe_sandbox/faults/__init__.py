"""Switches that make the sandbox fail the way Stripe, networks and the passing of time do."""

from stripe_sandbox.faults.kinds import KINDS, FaultOptions, parse_rates

__all__ = ["KINDS", "FaultOptions", "parse_rates"]
