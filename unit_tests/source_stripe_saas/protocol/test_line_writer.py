"""One writer for all threads: lines stay whole, none is lost, states come after their records."""

import errno
import io
import json
import os
import threading
import time
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from source_stripe_saas.protocol.line_writer import LineWriter, OutputBroken

PIPE_BYTES = 65_536
"""What Linux keeps of a pipe until its reader takes it."""


def a_line(**content):
    return json.dumps(content).encode() + b"\n"


def a_page(number, records, size):
    return b"".join(
        a_line(kind="record", page=number, index=index, filling="x" * size)
        for index in range(records)
    )


def a_state(number):
    return a_line(kind="state", page=number)


class Pipe:
    """A writer to a pipe whose reader takes something only when it is asked to."""

    def __init__(self, *, is_buffered=True):
        self._reading, writing = os.pipe()
        # As Python opens standard output, with and without PYTHONUNBUFFERED.
        binary = os.fdopen(writing, "wb", -1 if is_buffered else 0)
        self.out = io.TextIOWrapper(binary, write_through=not is_buffered)
        self.lines = LineWriter(self.out)

    def read(self, most):
        return os.read(self._reading, most)

    def read_lines(self, number):
        text = b""
        while text.count(b"\n") < number:
            text += self.read(PIPE_BYTES)
        return text.splitlines()

    def close(self):
        self.out.close()
        os.close(self._reading)


@pytest.fixture(params=[True, False], ids=["buffered", "unbuffered"])
def pipe(request):
    made = Pipe(is_buffered=request.param)
    yield made
    made.close()


@contextmanager
def in_a_thread(function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    yield thread
    thread.join(timeout=20)
    assert not thread.is_alive()


def wait_until_full(thread):
    """Until the thread stands in a write that the pipe has no room for."""
    thread.join(timeout=0.2)
    assert thread.is_alive()


@given(
    is_buffered=st.booleans(),
    pages=st.lists(
        st.tuples(st.integers(1, 60), st.sampled_from([0, 10, 1_500, 9_000])),
        min_size=1,
        max_size=8,
    ),
    workers=st.integers(1, 6),
    notes=st.integers(1, 40),
    stalls=st.lists(st.sampled_from([0.0, 0.001, 0.02]), min_size=1, max_size=6),
    takes=st.sampled_from([100, 4_096, 100_000]),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
def test_no_line_is_torn_or_lost_whatever_threads_log_while_a_reader_stalls(
    is_buffered, pages, workers, notes, stalls, takes
):
    pipe, got = Pipe(is_buffered=is_buffered), []

    def read():
        turn, text = 0, b""
        while piece := pipe.read(takes):
            text += piece
            if turn < 200:  # a few stalls, not seconds of them
                time.sleep(stalls[turn % len(stalls)])
            turn += 1
        got.extend(text.split(b"\n"))

    def log(worker):
        for index in range(notes):
            pipe.lines.write_soon(a_line(kind="log", worker=worker, index=index))
            time.sleep(0.0005)

    reader = threading.Thread(target=read, daemon=True)
    loggers = [threading.Thread(target=log, args=(each,), daemon=True) for each in range(workers)]
    for thread in (reader, *loggers):
        thread.start()
    for number, (records, size) in enumerate(pages):
        pipe.lines.write(a_page(number, records, size))
        pipe.lines.write(a_state(number))
    for thread in loggers:
        thread.join(timeout=30)
    pipe.lines.close()
    pipe.out.close()
    reader.join(timeout=30)
    os.close(pipe._reading)

    assert got.pop() == b""
    messages = [json.loads(line) for line in got]
    said = [(m["kind"], m["page"]) for m in messages if m["kind"] != "log"]
    expected = []
    for number, (records, _) in enumerate(pages):
        expected += [("record", number)] * records + [("state", number)]
    assert said == expected
    for worker in range(workers):
        logged = [m["index"] for m in messages if m["kind"] == "log" and m["worker"] == worker]
        assert logged == list(range(notes))


def test_a_log_line_does_not_wait_for_a_reader_that_stalls(pipe):
    page = a_page(0, 100, 1_500)
    assert len(page) > 2 * PIPE_BYTES
    with in_a_thread(pipe.lines.write, page) as writing:
        wait_until_full(writing)
        began = time.monotonic()
        pipe.lines.write_soon(a_line(kind="log"))
        assert time.monotonic() - began < 1
        lines = pipe.read_lines(101)
    assert b"\n".join(lines[:100]) + b"\n" == page
    assert json.loads(lines[100]) == {"kind": "log"}


def test_what_was_logged_before_a_message_is_written_before_it(pipe):
    with in_a_thread(pipe.lines.write, a_page(0, 100, 1_500)) as writing:
        wait_until_full(writing)
        pipe.lines.write_soon(a_line(kind="log"))
        with in_a_thread(pipe.lines.write, a_state(0)):
            lines = pipe.read_lines(102)
    assert [json.loads(line)["kind"] for line in lines[-3:]] == ["record", "log", "state"]


def test_a_line_logged_in_the_middle_of_another_comes_after_it():
    class Out(io.StringIO):
        def write(self, text):
            for letter in text:
                super().write(letter)
                if letter == "m":
                    # As a finalizer or a signal handler of the writing thread would.
                    lines.write_soon(b"logged\n")

    out = Out()
    lines = LineWriter(out)
    lines.write(b"a message\n")
    lines.close()
    assert out.getvalue() == "a message\nlogged\n"


class Unbuffered:
    """Standard output as it is without a buffer; takes as much at a time as it is told to."""

    def __init__(self, takes):
        self.buffer, self._takes, self.taken = self, takes, b""

    def write(self, content):
        self.taken += bytes(content[: self._takes])
        return self._takes and min(self._takes, len(content))

    def flush(self):
        pass


def test_a_write_that_a_signal_cuts_short_is_continued():
    out = Unbuffered(takes=5)
    LineWriter(out).write(b"a line that is longer\n")
    assert out.taken == b"a line that is longer\n"


def test_an_output_that_does_not_wait_for_its_reader_is_broken():
    with pytest.raises(OutputBroken):
        LineWriter(Unbuffered(takes=None)).write(b"a line\n")


class HalfALine(io.StringIO):
    """Takes half of what it is given, once it is told to, and then fails."""

    def __init__(self, error):
        super().__init__()
        self.error, self.fails = error, False

    def write(self, text):
        if self.fails:
            super().write(text[: len(text) // 2])
            raise self.error
        return super().write(text)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), OutputBroken),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), OutputBroken),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
    ids=["full", "gone", "interrupted"],
)
def test_after_half_a_line_nothing_is_written_any_more(error, raised):
    out = HalfALine(error)
    lines = LineWriter(out)
    lines.write(b"whole\n")
    out.fails = True
    with pytest.raises(raised):
        lines.write(b"half a line\n")
    out.fails = False
    before = out.getvalue()
    lines.write_soon(b"logged\n")
    for call in (lambda: lines.write(b"more\n"), lines.close):
        with pytest.raises(OutputBroken):
            call()
    assert out.getvalue() == before == "whole\nhalf a"


def test_an_output_that_broke_in_a_log_line_is_told_by_the_next_message_and_by_the_end():
    error = OSError(errno.ENOSPC, "No space left on device")
    out = HalfALine(error)
    lines = LineWriter(out)
    out.fails = True
    lines.write_soon(b"logged\n")
    with pytest.raises(OutputBroken) as raised:
        lines.write(b"message\n")
    assert raised.value.error is error
    with pytest.raises(OutputBroken):
        lines.close()


def test_what_is_logged_after_the_end_is_dropped():
    out = io.StringIO()
    lines = LineWriter(out)
    lines.write(b"last\n")
    lines.close()
    lines.write_soon(b"logged\n")
    assert out.getvalue() == "last\n"


def test_a_message_is_with_the_reader_when_write_returns(pipe):
    pipe.lines.write(a_state(0))
    assert pipe.read(PIPE_BYTES) == a_state(0)


def test_a_line_is_written_in_utf_8_whatever_the_console_speaks(tmp_path):
    path = tmp_path / "out"
    with path.open("w", encoding="latin-1") as out:
        LineWriter(out).write('{"name": "Zoë €"}\n'.encode())
    assert json.loads(path.read_bytes()) == {"name": "Zoë €"}
