"""The whole way from Stripe into a warehouse under faults, compared with the truth."""
