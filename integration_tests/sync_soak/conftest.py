"""A Postgres for the scenarios that want one."""

from integration_tests.warehouse.conftest import postgres

__all__ = ["postgres"]
