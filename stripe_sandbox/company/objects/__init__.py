"""Facts in, Stripe's JSON out: one factory per object, with every field the API requires."""
