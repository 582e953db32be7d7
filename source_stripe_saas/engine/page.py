"""A batch of records in the CDK's queue, and the message it becomes.

The core takes a `Page` for one record; one queue turn then carries a hundred. Its lines are made in
the thread that read it. The concurrent core hands it to `core.py`, which knows what it is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import orjson
from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, Type
from airbyte_cdk.sources.types import Record

from source_stripe_saas.api.raw_object import StripeObject
from source_stripe_saas.config import resources
from source_stripe_saas.config.settings import Settings
from source_stripe_saas.privacy.redaction import Redaction
from source_stripe_saas.streams.account_states import ACCOUNT_FIELD
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.records import AnyRecord, RawRecord
from source_stripe_saas.streams.task import Batch

_ACCOUNT = ACCOUNT_FIELD.encode()


@dataclass(frozen=True)
class PageFormat:
    """How a sync's pages are made; the same for all of them."""

    as_lines: bool = False
    """True if pages are to become lines, false if they are to become the core's messages."""
    redactions: Mapping[str, Redaction] = field(default_factory=dict)
    """Streams whose records may not pass as they are."""
    account_id: str | None = None
    """The account that every record is to begin with; None: records are as Stripe has them."""


def redactions_of(settings: Settings, plans: Mapping[str, StreamPlan]) -> dict[str, Redaction]:
    """What a config wants done with personal data, for the streams that have any."""
    if settings.privacy.is_idle:
        return {}
    redaction = Redaction(settings.privacy)
    return {
        name: redaction
        for name, plan in plans.items()
        if redaction.touches(resources.schema(name), plan.object)
    }


class Page(Record):
    """Records of one stream, what they complete, and the tasks they bring.

    Every record of every stream passes through here, whatever it was read from; so here personal
    data is taken out, and nowhere else.
    """

    def __init__(self, batch: Batch, page_format: PageFormat) -> None:
        # The core stops at the first falsy item, and a Record is falsy if its data is empty.
        super().__init__(data={"page": True}, stream_name=batch.stream)
        self.page_format = page_format
        redaction = page_format.redactions.get(batch.stream)
        self.records = batch.records if redaction is None else _redacted(batch.records, redaction)
        self.checkpoint = batch.checkpoint
        self.spawned = batch.spawned
        self.emitted_at = int(time.time() * 1000)
        self.lines: bytes | None = None
        """All RECORD messages, a line each, if lines are wanted."""
        if page_format.as_lines:
            first = b"{"
            if page_format.account_id is not None:
                first = b'{"%b":%b,' % (_ACCOUNT, orjson.dumps(page_format.account_id))
            self.lines = _lines(batch.stream, self.records, self.emitted_at, first)

    def messages(self) -> Iterator[AirbyteMessage]:
        """The page as the core's own messages: one for all its lines, or one a record."""
        if self.lines is not None:
            yield PageMessage.of(self)
            return
        for record in self.records:
            data = _decoded(record)
            if self.page_format.account_id is not None:
                data = {ACCOUNT_FIELD: self.page_format.account_id, **data}
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


def _redacted(records: list[AnyRecord], redaction: Redaction) -> list[AnyRecord]:
    return [redaction.redacted(_decoded(record)) for record in records]


def _decoded(record: AnyRecord) -> StripeObject:
    return record.decoded() if isinstance(record, RawRecord) else record


def _lines(stream: str, records: list[AnyRecord], emitted_at: int, first: bytes) -> bytes:
    """The RECORD messages; `first` takes the place of each object's opening brace."""
    before = b'{"type":"RECORD","record":{"stream":%b,"data":%b' % (orjson.dumps(stream), first)
    after = b',"emitted_at":%d}}\n' % emitted_at
    tail = _common_tail(records)
    if tail is not None:
        # A whole page as it is: what stands between two objects is always the same.
        bodies = [record.raw[1:-1] for record in records if isinstance(record, RawRecord)]
        return b"".join((before, b"".join((tail, after, before)).join(bodies), tail, after))
    parts: list[bytes | memoryview] = []
    for record in records:
        if isinstance(record, RawRecord):
            parts += (before, record.raw[1:-1], record.tail, after)
        else:
            parts += (before, _json(record)[1:], after)
    return b"".join(parts)


def _common_tail(records: list[AnyRecord]) -> bytes | None:
    """What is added to each of the records, if all of them are raw and get the same."""
    first = records[0] if records else None
    if not isinstance(first, RawRecord):
        return None
    tail = first.tail
    same = all(type(record) is RawRecord and record.tail is tail for record in records)
    return tail if same else None


def _json(record: StripeObject) -> bytes:
    try:
        return orjson.dumps(record)
    except (TypeError, ValueError):
        # Lone surrogates and integers beyond 64 bits, both of which JSON itself allows.
        return json.dumps(record, separators=(",", ":")).encode()
