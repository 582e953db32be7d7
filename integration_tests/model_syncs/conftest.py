"""What the companies are synced into."""

from integration_tests.warehouse.conftest import postgres

__all__ = ["postgres"]
