"""A batch of records on its way through the CDK's queue, and the message it becomes.

The core takes a `Page` for one record; one queue turn then carries a hundred. Its lines are made in
the thread that read it. The concurrent core hands it to `core.py`, which knows what it is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, Type
from airbyte_cdk.sources.types import Record

from source_stripe_saas.streams.progress import Step
from source_stripe_saas.streams.work import Unit
from source_stripe_saas.stripe.listing import StripeObject


class Page(Record):
    """Records of one stream, what they complete, and the units of work they bring."""

    def __init__(
        self,
        stream_name: str,
        records: list[StripeObject],
        step: Step,
        spawned: tuple[Unit, ...],
        *,
        as_lines: bool,
    ) -> None:
        # The core stops at the first falsy item, and a Record is as true as its data.
        super().__init__(data={"page": True}, stream_name=stream_name)
        self.records = records
        self.step = step
        self.spawned = spawned
        self.emitted_at = int(time.time() * 1000)
        self.lines = _lines(stream_name, records, self.emitted_at) if as_lines else None

    def messages(self) -> Iterator[AirbyteMessage]:
        """The page as the core's own messages: one for all its lines, or one a record."""
        if self.lines is not None:
            yield PageMessage.of(self)
            return
        for record in self.records:
            yield AirbyteMessage(
                type=Type.RECORD,
                record=AirbyteRecordMessage(
                    stream=self.stream_name, data=record, emitted_at=self.emitted_at
                ),
            )


@dataclass
class PageMessage(AirbyteMessage):
    """A message that stands for many RECORD lines, ready to be written."""

    lines: str = ""
    count: int = 0

    @classmethod
    def of(cls, page: Page) -> PageMessage:
        """The message of a page whose lines are made; the record in it is a stand-in."""
        stand_in = AirbyteRecordMessage(
            stream=page.stream_name, data={}, emitted_at=page.emitted_at
        )
        return cls(
            type=Type.RECORD, record=stand_in, lines=page.lines or "", count=len(page.records)
        )


def _lines(stream: str, records: list[StripeObject], emitted_at: int) -> str:
    return "\n".join(_line(stream, record, emitted_at) for record in records)


def _line(stream: str, record: StripeObject, emitted_at: int) -> str:
    message: dict[str, Any] = {
        "type": "RECORD",
        "record": {"stream": stream, "data": record, "emitted_at": emitted_at},
    }
    try:
        return orjson.dumps(message).decode()
    except (TypeError, ValueError):
        # Lone surrogates and integers beyond 64 bits, both of which JSON itself allows.
        return json.dumps(message, separators=(",", ":"))
