"""A run's output and the account it read -> whether every line and every record is right."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from benchmarks.account import Account, AccountOptions, Missing

ADDED_FIELDS = ("updated", "is_deleted")
"""What the connector writes into a record besides what Stripe sent."""


@dataclass
class Checked:
    """What a run wrote."""

    records: int = 0
    lines: int = 0
    problems: list[str] = field(default_factory=list)
    """The first few things that are wrong; empty if all is right."""


Fits = Callable[[Any, Any], bool]
"""Whether a record, without what the connector added, is right for what the server sent."""


def check_backfill(output: Path, options: AccountOptions, fits: Fits | None = None) -> Checked:
    """Compares a first sync's output with the account, object by object.

    Every line must be JSON, every object there once, equal but for the added fields, or as another
    judge has it.
    """
    account = Account(options)
    checked = Checked()
    seen = {path: bytearray(len(rows)) for path, rows in account.collections.items()}
    with output.open("rb") as lines:
        for line in lines:
            checked.lines += 1
            try:
                message = orjson.loads(line)
            except ValueError:
                _note(checked, f"line {checked.lines} is not JSON: {line[:80]!r}")
                continue
            if message.get("type") == "RECORD":
                checked.records += 1
                _check_record(message["record"], account, seen, checked, fits or operator.eq)
    for path, found in seen.items():
        lost = found.count(0)
        doubled = sum(1 for count in found if count > 1) if len(found) != sum(found) else 0
        if lost or doubled:
            _note(checked, f"{path}: {lost} lost, {doubled} doubled of {len(found)}")
    return checked


def _check_record(
    record: dict[str, object],
    account: Account,
    seen: dict[str, bytearray],
    checked: Checked,
    fits: Fits,
) -> None:
    stream, data = str(record["stream"]), record["data"]
    assert isinstance(data, dict)
    collection = account.collections.get(stream)
    try:
        if collection is None:
            raise Missing(stream)
        number = collection.number(data["id"])
    except (Missing, KeyError):
        _note(checked, f"{stream}: a record that the account does not have")
        return
    seen[stream][number] = min(255, seen[stream][number] + 1)
    expected = collection.decoded(number)
    if not fits(without_added(data, expected), expected):
        _note(checked, f"{stream}: {data['id']} differs from the server's object")


def without_added(data: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """A record without what the connector added; what Stripe calls so itself stays."""
    added = [name for name in ADDED_FIELDS if name in data and name not in expected]
    return {name: value for name, value in data.items() if name not in added} if added else data


def _note(checked: Checked, problem: str) -> None:
    if len(checked.problems) < 5:
        checked.problems.append(problem)


def count_records(output: Path) -> int:
    """How many RECORD messages another program wrote, whatever is in them."""
    with output.open("rb") as lines:
        return sum(
            b'"type":"RECORD"' in line[:40] or b'"type": "RECORD"' in line[:40] for line in lines
        )
