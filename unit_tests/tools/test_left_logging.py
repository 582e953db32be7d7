"""What one test does to logging is no matter of the next one, whichever order they run in."""

import logging

import pytest

import conftest


def test_logging_is_put_back_after_a_test_that_cut_a_logger_off():
    root, logger = logging.getLogger(), logging.getLogger("airbyte")

    def state():
        return (
            *(root.handlers[:], root.level, logging.raiseExceptions),
            *(logger.handlers[:], logger.level, logger.propagate),
        )

    before = state()
    around = conftest.pytest_runtest_protocol(None, None)
    next(around)
    # What the connector does in its process, and what loading PyAirbyte does.
    root.handlers[:] = [logging.NullHandler()]
    logging.raiseExceptions = not logging.raiseExceptions
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    with pytest.raises(StopIteration):
        around.send(None)
    assert state() == before
