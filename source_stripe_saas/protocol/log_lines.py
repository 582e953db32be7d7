"""What any thread logs -> LOG messages, through the one writer of the output."""

from __future__ import annotations

import logging

from airbyte_cdk.logger import AirbyteLogFormatter

from source_stripe_saas.protocol.line_writer import LineWriter


class LogLines(logging.Handler):
    """Makes a LOG message of a record, as the CDK does, and gives it to the writer."""

    def __init__(self, lines: LineWriter) -> None:
        super().__init__()
        self._lines = lines
        self.setFormatter(AirbyteLogFormatter("%(message)s"))

    def handle(self, record: logging.LogRecord) -> bool:
        """Emits without the handler's lock, which a thread that waits for the reader would hold."""
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Hands the line on; what cannot be made into one is left out."""
        try:
            line = f"{self.format(record)}\n".encode()
        except Exception:
            self.handleError(record)
        else:
            self._lines.write_soon(line)


def log_to(lines: LineWriter, *, is_debug: bool) -> None:
    """Sends all log lines of this process to the writer, and none to the CDK's own console handler.

    Loading the CDK's entry point puts that handler in place, so this must come later.
    """
    logging.raiseExceptions = False  # a line that cannot be written is not worth a traceback
    logging.getLogger().handlers[:] = [LogLines(lines)]
    logging.getLogger("airbyte").setLevel(logging.DEBUG if is_debug else logging.INFO)
