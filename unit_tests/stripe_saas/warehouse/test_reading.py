"""The connector's messages taken in: how streams end, and which of them were read whole."""

import io

import pytest

from source_stripe_saas.streams.read_mode import READ_AGAIN
from stripe_saas.protocol_files.connector import ReadFailed
from stripe_saas.warehouse.progress import SyncProgress
from stripe_saas.warehouse.reading import Reading


class Tables:
    """Notes what it is told."""

    def __init__(self):
        self.ended, self._whole = {}, set()

    def begin_whole(self, name):
        self._whole.add(name)

    def take_record(self, message):
        """Nothing is kept."""

    def take_state(self, message):
        """Nothing is kept."""

    def end_stream(self, name, *, is_complete):
        self.ended[name] = (is_complete, name in self._whole)

    def end(self):
        self.ended["all"] = True

    def written(self, name):
        return 3


class Connector:
    """Messages, an exit code and last words."""

    def __init__(self, *messages, code=0, words=""):
        self._messages, self._code, self._words = messages, code, words

    def messages(self, decode):
        return iter(self._messages)

    def exit_code(self):
        return self._code

    def last_words(self):
        return self._words


def status(name, word):
    described = {"stream_descriptor": {"name": name}, "status": word}
    return {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": described}}


def error(text, name=None):
    told = {"message": text, "stream_descriptor": {"name": name} if name else None}
    return {"type": "TRACE", "trace": {"type": "ERROR", "error": told}}


def analytics(kind, value):
    told = {"type": kind, "value": value}
    return {"type": "TRACE", "trace": {"type": "ANALYTICS", "analytics": told}}


def log(text):
    return {"type": "LOG", "log": {"level": "INFO", "message": text}}


def read(connector, *names, is_full=False):
    tables = Tables()
    catalog = {
        "streams": [
            {
                "stream": {"name": name},
                "sync_mode": "full_refresh" if name == "shipping_rates" else "incremental",
            }
            for name in names
        ]
    }
    progress = SyncProgress(io.StringIO(), len(names))
    reading = Reading(catalog, tables, progress, is_full=is_full)
    reading.follow(connector)
    return tables.ended, {end.stream: end for end in reading.ends()}


def test_a_stream_is_as_complete_as_the_connector_says():
    said = (
        status("charges", "COMPLETE"),
        error("no permission", "invoices"),
        status("invoices", "INCOMPLETE"),
    )
    ended, ends = read(Connector(*said, code=1), "charges", "invoices", "refunds")
    assert ends["charges"].is_complete
    assert ends["charges"].error is None
    assert (ends["invoices"].is_complete, ends["invoices"].error) == (False, "no permission")
    assert (ends["refunds"].is_complete, ends["refunds"].error) == (
        False,
        "the connector ended before it",
    )
    assert ended["invoices"] == (False, False)


def test_only_what_was_read_whole_may_lose_rows():
    said = [status(name, "COMPLETE") for name in ("charges", "shipping_rates", "events")]
    ended, _ = read(Connector(*said), "charges", "shipping_rates", "events")
    assert {name: ended[name][1] for name in ("charges", "shipping_rates", "events")} == {
        "charges": False,
        "shipping_rates": True,
        "events": False,
    }
    ended, _ = read(Connector(*said), "charges", "shipping_rates", "events", is_full=True)
    assert ended["charges"][1]
    assert not ended["events"][1]


@pytest.mark.parametrize(
    ("said", "is_whole"),
    [
        (analytics(READ_AGAIN, "charges"), True),
        (analytics(READ_AGAIN, "refunds"), False),
        (analytics("something-else", "charges"), False),
        (log("Stream charges: its state names no time, so everything is read again."), False),
    ],
    ids=["its name", "another name", "another trace", "words alone"],
)
def test_a_stream_was_read_whole_if_a_trace_says_so_and_its_state_was_of_no_use(said, is_whole):
    ended, _ = read(Connector(said, status("charges", "COMPLETE")), "charges", "refunds")
    assert ended["charges"] == (True, is_whole)


def test_an_error_of_no_stream_is_the_reads_own():
    with pytest.raises(ReadFailed, match="the key is gone"):
        read(Connector(error("the key is gone"), code=1), "charges")
    with pytest.raises(ReadFailed, match="Killed"):
        read(Connector(code=137, words="line\nKilled"), "charges")
