"""A config and the address of a warehouse in; Stripe's tables, the models and a log of syncs out.

The connector runs as a process of its own; PyAirbyte's caches make and merge the tables, and keep
the states; dbt builds the models. Needs the extra `warehouse`.
"""
