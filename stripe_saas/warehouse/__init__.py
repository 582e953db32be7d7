"""A config and the address of a warehouse in; Stripe's tables, the models and a log of syncs out.

The connector runs as a process of its own; the loader writes its records and states in batches,
each a transaction; dbt builds the models. `kinds/` has a class for each kind of warehouse. Needs
the extra `warehouse`.
"""
