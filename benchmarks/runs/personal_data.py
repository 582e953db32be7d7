"""The six main streams once more with each switch for personal data: what the switches cost."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from benchmarks.connector import UNLIMITED
from benchmarks.context import Context
from benchmarks.options import ServerOptions
from benchmarks.runs.reading import Read, read_with_connector
from benchmarks.table import Row, median_row

NAME = "personal_data"

_OBJECTS, _TINY = 40_000, 600

_KEY = "a key for benchmarks, and for nothing else"
_SWITCHES: dict[str, dict[str, Any]] = {
    "this connector, all kept": {},
    "- payment_instruments: drop": {"payment_instruments": "drop"},
    "- personal_data: drop": {"personal_data": "drop"},
    "- personal_data: hash": {"personal_data": "hash", "personal_data_key": _KEY},
}
_HASH = re.compile("[0-9a-f]{64}")


def run(context: Context) -> list[Row]:
    """A row for each switch, compared with the first one's."""
    reads: dict[str, list[Read]] = {switch: [] for switch in _SWITCHES}
    options = ServerOptions(context.account(context.size(_OBJECTS, _TINY)))
    for turn in range(context.repeats):
        context.say(f"{NAME}: round {turn + 1} of {context.repeats}")
        for switch, settings in _SWITCHES.items():
            read = read_with_connector(
                context,
                options,
                settings={**UNLIMITED, **settings},
                fits=is_redacted if settings else None,
            )
            reads[switch].append(read)
    rows = [_row(switch, runs) for switch, runs in reads.items()]
    kept = rows[0].cpu_seconds or 0.0
    return [
        replace(row, measured=f"{(row.cpu_seconds or 0.0) / kept:.2f} x the CPU of all kept")
        if kept and not row.measured
        else row
        for row in rows
    ]


def _row(switch: str, runs: list[Read]) -> Row:
    row = median_row(NAME, switch, [read.taken for read in runs])
    wrong = [problem for read in runs for problem in read.checked.problems]
    return replace(row, measured=wrong[0], target="all right", is_met=False) if wrong else row


def is_redacted(record: Any, sent: Any) -> bool:
    """True if a record is what was sent, but for values that are gone or are hashes now."""
    if record is None or record == sent:
        return True
    if isinstance(sent, dict) and isinstance(record, dict):
        return record.keys() == sent.keys() and all(
            is_redacted(record[name], value) for name, value in sent.items()
        )
    if isinstance(sent, list) and isinstance(record, list):
        return len(record) == len(sent) and all(map(is_redacted, record, sent))
    return isinstance(sent, str) and isinstance(record, str) and bool(_HASH.fullmatch(record))
