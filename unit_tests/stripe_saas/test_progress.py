"""One line of progress: it changes on a terminal, and is plain lines, or nothing, elsewhere."""

import io
import re

import pytest

from stripe_saas.demo.progress import phase
from stripe_saas.progress import ProgressLine, in_words

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def an_ordinary_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")


def test_times_are_written_as_clocks_write_them():
    assert [in_words(seconds) for seconds in (7, 754, 3723)] == ["0:07", "12:34", "1:02:03"]


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_off_a_terminal_only_what_stays_is_written_whatever_the_environment_says(
    monkeypatch, variable
):
    monkeypatch.setenv(variable, "1")
    out = io.StringIO()
    with ProgressLine(out, "Models:", 3) as line:
        line.update("1 of 3", 1)
        line.write("orders [bold] are 12 of 12")
        line.update("2 of 3", 2)
    assert out.getvalue() == "orders [bold] are 12 of 12\n"


def test_off_a_terminal_a_line_may_come_now_and_then():
    out = io.StringIO()
    with ProgressLine(out, "Seeds:", 3, plain_every_seconds=0) as line:
        line.update("1 of 3", 1)
        line.update("2 of 3", 2)
    assert out.getvalue() == "0:00  Seeds:  1 of 3\n0:00  Seeds:  2 of 3\n"


def test_on_a_terminal_the_line_changes_and_goes_and_other_lines_stay():
    out = Terminal()
    with ProgressLine(out, "Lists [compared]:", 40) as line:
        line.update("by id", 7)
        line._live.refresh()
        line.write("invoices are [done]")
    shown = out.getvalue()
    text = CONTROL.sub("", shown)
    assert "Lists [compared]: by id" in text
    assert re.search(r"\b7/40\b", text)
    assert "invoices are [done]\n" in text
    assert shown.endswith("\x1b[2K"), "the line is taken away"


def test_a_terminal_that_cannot_move_back_gets_lines_only(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    out = Terminal()
    with ProgressLine(out, "Models:") as line:
        line.update("1 of 3")
        line.write("done")
    assert out.getvalue().strip() == "done"


def test_a_phase_ends_with_what_came_of_it():
    out = io.StringIO()
    with phase(out, "check") as checking:
        checking.update("asking")
        checking.result = "Connected"
    assert re.fullmatch(r" +\d+\.\d s   check              Connected\n", out.getvalue())


def test_a_phase_that_breaks_off_says_so():
    out = io.StringIO()
    with pytest.raises(KeyboardInterrupt), phase(out, "full read"):
        raise KeyboardInterrupt
    assert out.getvalue().endswith("full read          failed\n")
