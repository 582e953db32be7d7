"""The connector's messages taken in: how streams end, and which of them are read whole."""

import io

import msgspec
import pytest

from source_stripe_saas.streams.read_mode import LACKS_ACCOUNTS, READ_AGAIN
from stripe_saas.protocol_files.connector import ReadFailed
from stripe_saas.protocol_files.messages import RecordLine
from stripe_saas.warehouse.progress import SyncProgress
from stripe_saas.warehouse.reading import Reading


class Filled:
    """In the place of a loader: notes what it is told."""

    def __init__(self):
        self.ended, self.whole, self.records = {}, set(), []
        self.lacking = {}

    def begin_whole(self, name, account=""):
        self.whole.add(f"{name} of {account}" if account else name)

    def take_record(self, name, record, emitted_at_ms):
        if record == b'{"id":[]}':
            raise ValueError("not to be read")
        self.records.append((name, record, emitted_at_ms))

    def take_state(self, name, state):
        """Nothing is kept."""

    def end_stream(self, name, *, is_complete, lacking=()):
        self.ended[name] = is_complete
        self.lacking[name] = list(lacking)

    def end(self):
        self.ended["all"] = True

    def written(self, name):
        return 3

    def rejected(self, name):
        return 1


class Connector:
    """Messages, an exit code and last words."""

    def __init__(self, *messages, code=0, words=""):
        self._messages, self._code, self._words = messages, code, words

    def messages_and_records(self):
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


def read(connector, *names, loader=None, is_stopping=False):
    loader = loader or Filled()
    progress = SyncProgress(io.StringIO())
    reading = Reading(names, loader, progress, lambda: is_stopping)
    reading.follow(connector)
    return loader, {end.stream: end for end in reading.ends()}


def test_a_stream_is_as_complete_as_the_connector_says():
    said = (
        status("charges", "COMPLETE"),
        error("no permission", "invoices"),
        status("invoices", "INCOMPLETE"),
    )
    loader, ends = read(Connector(*said, code=1), "charges", "invoices", "refunds")
    assert ends["charges"].is_complete
    assert ends["charges"].error is None
    assert (ends["charges"].record_count, ends["charges"].rejected_count) == (3, 1)
    assert (ends["invoices"].is_complete, ends["invoices"].error) == (False, "no permission")
    assert (ends["refunds"].is_complete, ends["refunds"].error) == (
        False,
        "the connector ended before it",
    )
    assert loader.ended == {"charges": True, "invoices": False, "all": True}


def test_records_are_handed_on_undecoded():
    record = RecordLine("charges", msgspec.Raw(b'{"id":"ch_1"}'), 5)
    loader, _ = read(Connector(record), "charges")
    assert loader.records == [("charges", b'{"id":"ch_1"}', 5)]


def test_a_record_that_cannot_be_read_ends_the_read_after_what_came_before_is_written():
    loader, record = Filled(), RecordLine("charges", msgspec.Raw(b'{"id":[]}'), 5)
    with pytest.raises(ReadFailed, match="a record of charges cannot be read"):
        read(Connector(record, status("charges", "COMPLETE")), "charges", loader=loader)
    assert loader.ended == {"all": True}


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        (analytics(READ_AGAIN, "charges"), {"charges"}),
        (analytics(READ_AGAIN, "refunds"), {"refunds"}),
        (analytics(READ_AGAIN, "charges acct_1"), {"charges of acct_1"}),
        (analytics("something-else", "charges"), set()),
        (log("Stream charges: its state names no time, so everything is read again."), set()),
    ],
    ids=["its name", "another name", "one account", "another trace", "words alone"],
)
def test_a_stream_is_read_whole_if_a_trace_says_that_its_state_was_of_no_use(said, whole):
    loader, _ = read(Connector(said, status("charges", "COMPLETE")), "charges", "refunds")
    assert loader.whole == whole


def test_the_accounts_that_a_stream_lacks_are_handed_on_with_its_end():
    said = analytics(LACKS_ACCOUNTS, "charges acct_1 acct_2")
    loader, _ = read(Connector(said, status("charges", "INCOMPLETE")), "charges")
    assert loader.ended["charges"] is False
    assert loader.lacking["charges"] == ["acct_1", "acct_2"]


def test_an_error_of_no_stream_is_the_reads_own():
    with pytest.raises(ReadFailed, match="the key is gone"):
        read(Connector(error("the key is gone"), code=1), "charges")
    with pytest.raises(ReadFailed, match="Killed"):
        read(Connector(code=137, words="line\nKilled"), "charges")


def test_a_connector_that_was_asked_to_end_has_not_failed():
    _, ends = read(Connector(code=143), "charges", is_stopping=True)
    assert not ends["charges"].is_complete
