"""Stripe's API as this connector uses it: reading requests, lists, refusals. Knows no CDK."""
