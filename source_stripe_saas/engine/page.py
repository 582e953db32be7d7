"""A batch of records on its way through the CDK's queue, and the message it becomes.

The core takes a `Page` for one record; one queue turn then carries a hundred. Its lines are made in
the thread that read it. The concurrent core hands it to `core.py`, which knows what it is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import orjson
from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, Type
from airbyte_cdk.sources.types import Record

from source_stripe_saas.streams.records import AnyRecord, RawRecord
from source_stripe_saas.streams.work import Batch
from source_stripe_saas.stripe.rows import StripeObject


class Page(Record):
    """Records of one stream, what they complete, and the units of work they bring."""

    def __init__(self, batch: Batch, *, as_lines: bool) -> None:
        # The core stops at the first falsy item, and a Record is as true as its data.
        super().__init__(data={"page": True}, stream_name=batch.stream)
        self.records = batch.records
        self.step = batch.step
        self.spawned = batch.spawned
        self.emitted_at = int(time.time() * 1000)
        self.lines = _lines(batch.stream, batch.records, self.emitted_at) if as_lines else None
        """All RECORD messages, a line each."""

    def messages(self) -> Iterator[AirbyteMessage]:
        """The page as the core's own messages: one for all its lines, or one a record."""
        if self.lines is not None:
            yield PageMessage.of(self)
            return
        for record in self.records:
            data = record.decoded() if isinstance(record, RawRecord) else record
            yield AirbyteMessage(
                type=Type.RECORD,
                record=AirbyteRecordMessage(
                    stream=self.stream_name, data=data, emitted_at=self.emitted_at
                ),
            )


@dataclass
class PageMessage(AirbyteMessage):
    """A message that stands for many RECORD lines, ready to be written."""

    lines: bytes = b""
    count: int = 0

    @classmethod
    def of(cls, page: Page) -> PageMessage:
        """The message of a page whose lines are made; the record in it is a stand-in."""
        stand_in = AirbyteRecordMessage(
            stream=page.stream_name, data={}, emitted_at=page.emitted_at
        )
        return cls(
            type=Type.RECORD, record=stand_in, lines=page.lines or b"", count=len(page.records)
        )


def _lines(stream: str, records: list[AnyRecord], emitted_at: int) -> bytes:
    before = b'{"type":"RECORD","record":{"stream":%b,"data":' % orjson.dumps(stream)
    after = b',"emitted_at":%d}}\n' % emitted_at
    parts: list[bytes | memoryview] = []
    for record in records:
        if isinstance(record, RawRecord):
            parts += (before, record.raw[:-1], record.tail, after)
        else:
            parts += (before, _json(record), after)
    return b"".join(parts)


def _json(record: StripeObject) -> bytes:
    try:
        return orjson.dumps(record)
    except (TypeError, ValueError):
        # Lone surrogates and integers beyond 64 bits, both of which JSON itself allows.
        return json.dumps(record, separators=(",", ":")).encode()
