"""What is logged, by us or by the CDK, becomes LOG messages of the one writer."""

import io
import json
import logging

import pytest

from source_stripe_saas.protocol import entrypoint
from source_stripe_saas.protocol.line_writer import LineWriter
from source_stripe_saas.protocol.log_lines import log_to

assert entrypoint  # loading it puts the CDK's console handler in place


@pytest.fixture
def out():
    return io.StringIO()


def logged(out):
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_log_line_is_a_log_message_of_one_line(out):
    log_to(LineWriter(out), is_debug=False)
    logging.getLogger("airbyte.source_stripe_saas").warning("two\nlines of %s", "text")
    logging.getLogger("urllib3").error("from elsewhere")
    assert logged(out) == [
        {"type": "LOG", "log": {"level": "WARN", "message": "two\nlines of text"}},
        {"type": "LOG", "log": {"level": "ERROR", "message": "from elsewhere"}},
    ]


def test_nothing_is_left_that_writes_past_the_writer(out, capfd):
    log_to(LineWriter(out), is_debug=False)
    assert len(logging.getLogger().handlers) == 1
    for name in ("airbyte", "airbyte.source_stripe_saas", "urllib3"):
        kinds = {type(handler) for handler in logging.getLogger(name).handlers}
        assert kinds <= {logging.NullHandler}
        logging.getLogger(name).error("a line")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("is_debug", "count"), [(False, 0), (True, 1)])
def test_debug_lines_are_written_if_they_are_wanted(out, is_debug, count):
    log_to(LineWriter(out), is_debug=is_debug)
    logging.getLogger("airbyte.source_stripe_saas").debug("GET %s", "customers")
    assert len(logged(out)) == count


def test_a_line_that_cannot_be_made_is_left_out(out):
    log_to(LineWriter(out), is_debug=False)
    logging.getLogger("airbyte").warning("half a pair: %s", "\ud800")
    logging.getLogger("airbyte").warning("%d", "no number")
    logging.getLogger("airbyte").warning("the next")
    assert [line["log"]["message"] for line in logged(out)] == ["the next"]
