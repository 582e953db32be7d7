"""Text and bytes on one output: nothing overtakes what was written before it."""

import io

import orjson
import pytest
from airbyte_cdk.models import Type

from source_stripe_saas.protocol.entrypoint import PageEntrypoint
from source_stripe_saas.protocol.line_writer import LineWriter
from source_stripe_saas.source import SourceStripeSaas
from unit_tests.builders import NOW
from unit_tests.source_stripe_saas.engine.reading import CONFIG, a_catalog
from unit_tests.stripe_server import serving

pytestmark = pytest.mark.usefixtures("no_waiting")


class Spy:
    """Reads a stream onto a binary output, as standard output is one."""

    def __init__(self, stream, name, number):
        self.raw = io.BytesIO()
        self.out = io.TextIOWrapper(self.raw, encoding="utf-8")
        self.unwritten_states = 0
        catalog = a_catalog(stream)
        source = SourceStripeSaas(catalog, CONFIG, None)
        self._read, source.read = source.read, self._watched
        objects = [{"id": f"cus_{n}", "object": name, "created": NOW - n} for n in range(number)]
        with serving(lists={stream: objects}):
            PageEntrypoint(source, LineWriter(self.out)).read(CONFIG, catalog)
        self.lines = [orjson.loads(line) for line in self.raw.getvalue().splitlines()]

    def _watched(self, *arguments):
        for message in self._read(*arguments):
            yield message
            # Asked for the next message, so this one has been dealt with.
            last = self.raw.getvalue().splitlines()[-1:]
            if message.type == Type.STATE and b'"type":"STATE"' not in b"".join(last):
                self.unwritten_states += 1


def test_lines_of_a_page_do_not_overtake_the_messages_before_them():
    """A stream without a cursor has no state between its first status and its records."""
    lines = Spy("shipping_rates", "shipping_rate", 5).lines
    kinds = [line["type"] for line in lines if line["type"] != "LOG"]
    assert kinds == ["TRACE", "TRACE", *["RECORD"] * 5, "STATE", "TRACE"]


def test_a_state_has_left_the_process_before_anything_else_is_read():
    spy = Spy("customers", "customer", 250)
    assert [line["type"] for line in spy.lines].count("STATE") >= 2
    assert spy.unwritten_states == 0
