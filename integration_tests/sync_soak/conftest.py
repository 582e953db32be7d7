"""What the scenarios need."""

import tempfile
from pathlib import Path

import pytest

from integration_tests.sync_soak.forks import fork_server, forking
from integration_tests.warehouse.conftest import postgres

__all__ = ["postgres"]


@pytest.fixture(scope="session")
def forks():
    # Not pytest's own folder, whose path may be too long for a socket.
    with tempfile.TemporaryDirectory() as folder, fork_server(Path(folder)) as address:
        yield address


@pytest.fixture
def forked(forks):
    with forking(forks):
        yield
