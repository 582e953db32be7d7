"""What whole syncs run on: a small simulated company behind a loopback port."""

import gc
import sys

import pytest

from integration_tests.forking.popen import STARTING, forking
from integration_tests.world import a_world

WITH_PYAIRBYTE = ("test_pyairbyte.py", "test_verify_warehouse.py")
LEFT_OUT = WITH_PYAIRBYTE if sys.version_info >= (3, 13) else ()


def pytest_report_header(config):
    names = " and ".join(LEFT_OUT)
    return f"{names} are left out: PyAirbyte needs a Python below 3.13" if LEFT_OUT else None


def pytest_collection_modifyitems(config, items):
    left_out = [item for item in items if item.path.name in LEFT_OUT]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True, scope="module")
def _processes_are_forked():
    """Forks the connectors and dbt's processes that commands of the app start within a test."""
    with pytest.MonkeyPatch.context() as patched:
        for module in STARTING:
            patched.setattr(f"{module}.subprocess", forking())
        yield


@pytest.fixture(autouse=True, scope="module")
def _memory_is_given_back():
    """Frees the accounts of a module's tests: a read in this process makes collections rare."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def company(tmp_path_factory):
    """A small company whose clock no test may move."""
    with a_world(tmp_path_factory.mktemp("company")) as world:
        yield world


@pytest.fixture
def moving_company(tmp_path):
    """A small company of the test's own, whose clock may be moved."""
    with a_world(tmp_path) as world:
        yield world


@pytest.fixture(scope="session")
def samples(tmp_path_factory):
    """An account of Stripe's published samples whose clock no test may move."""
    with a_world(tmp_path_factory.mktemp("samples"), "samples") as world:
        yield world
