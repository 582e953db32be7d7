"""Stripe's deliveries in: verified, stored, acknowledged. They carry no truth and wake a read."""
