"""What the scenarios need."""

from integration_tests.warehouse.conftest import postgres

__all__ = ["postgres"]
