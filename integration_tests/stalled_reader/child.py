"""A read whose pages are made up, while threads log: how long a page waits is up to its reader.

usage: python -m integration_tests.stalled_reader.child ENDING read --config FILE --catalog FILE

ENDING is `end`, or `error` for an exception after the last page.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteRecordMessage,
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    StreamDescriptor,
    Type,
)

from source_stripe_saas import __main__ as connector
from source_stripe_saas.engine.page import PageMessage
from source_stripe_saas.engine.shutdown import Stopped
from source_stripe_saas.source import SourceStripeSaas

PAGES, RECORDS = 60, 100
STREAM = "customers"
_RECORD = b'{"type":"RECORD","record":{"stream":"customers","data":{"id":"%d"},"emitted_at":1}}\n'
_FILLED = _RECORD.replace(b'"id"', b'"filling":"' + b"x" * 1500 + b'","id"')
_LOGGERS, _SECONDS_BETWEEN_LINES = 4, 0.02


def main() -> None:
    """Runs the console script's own `main` on a source that makes its pages up."""
    ending = sys.argv.pop(1)
    stopped_by: list[int] = []

    def read(*_: Any) -> Iterator[AirbyteMessage]:
        for worker in range(_LOGGERS):
            threading.Thread(target=_log, args=(worker,), daemon=True).start()
        for page in range(PAGES):
            yield _page(page)
            yield _state(page)
            if stopped_by:
                raise Stopped(stopped_by[0])
        if ending == "error":
            raise RuntimeError("made up")

    def stop(_: Any, number: int) -> bool:
        stopped_by.append(number)
        return True

    SourceStripeSaas.read = read  # type: ignore[assignment]
    SourceStripeSaas.stop = stop  # type: ignore[method-assign]
    connector.main()


def _log(worker: int) -> None:
    pause = threading.Event()
    while True:
        logging.getLogger("airbyte.source_stripe_saas").warning("from worker %d", worker)
        pause.wait(_SECONDS_BETWEEN_LINES)


def _page(number: int) -> AirbyteMessage:
    lines = b"".join(_FILLED % (number * RECORDS + index) for index in range(RECORDS))
    stand_in = AirbyteRecordMessage(stream=STREAM, data={}, emitted_at=1)
    return PageMessage(type=Type.RECORD, record=stand_in, lines=lines, count=RECORDS)


def _state(number: int) -> AirbyteMessage:
    stream = AirbyteStreamState(
        stream_descriptor=StreamDescriptor(name=STREAM),
        stream_state=AirbyteStateBlob({"records": (number + 1) * RECORDS}),
    )
    state = AirbyteStateMessage(type=AirbyteStateType.STREAM, stream=stream)
    return AirbyteMessage(type=Type.STATE, state=state)


if __name__ == "__main__":
    main()
