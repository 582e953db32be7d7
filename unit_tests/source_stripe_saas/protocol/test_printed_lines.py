"""What is printed goes out by the one writer, in whole lines."""

import io
from contextlib import redirect_stdout

from source_stripe_saas.protocol.line_writer import LineWriter
from source_stripe_saas.protocol.printed_lines import PrintedLines


def test_printed_text_comes_out_line_by_line():
    out = io.StringIO()
    printed = PrintedLines(LineWriter(out))
    with redirect_stdout(printed):
        print("a", end="")
        assert out.getvalue() == ""
        print("b")
        assert out.getvalue() == "ab\n"
        print("c\nd", end="")
    assert out.getvalue() == "ab\nc\n"
