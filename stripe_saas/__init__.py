"""For people: Stripe synced into a warehouse, modelled, reported on and checked."""
