"""A CSV file of somebody else's MRR in, each client's at a month's end out; pure (M68).

Two kinds are read. *Balances*: a row a client and month, or a row a client with a column a month,
as Stripe's download "MRR per subscriber per month". *Changes*: a row a change, as "Customer MRR
changes"; those before the month's end add up. Column names are found by words, since those of the
downloads stand in no document; a mapping given by hand goes before.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from fractions import Fraction

from source_stripe_saas.mrr.currency import currency_exponent
from source_stripe_saas.mrr.exact import exact, round_half_up
from stripe_saas.compare.rules import CompareError
from stripe_saas.compare.shares import Key

FIELDS: Mapping[str, tuple[str, ...]] = {
    "client": ("customer id", "customer external id", "customer", "subscriber id", "client id"),
    "currency": ("currency", "customer currency", "presentment currency"),
    "month": ("month", "date", "period", "month end", "as of"),
    "mrr": ("mrr", "customer mrr", "ending mrr", "monthly recurring revenue", "mrr amount"),
    "change": ("mrr change", "change in mrr", "change", "mrr movement", "delta"),
    "at": ("event timestamp", "timestamp", "event date", "changed at", "time", "date"),
}
"""Field -> what its column may be called, in small letters, anything else a space."""

_MONTH = re.compile(r"(?:mrr )?(\d{4}) (\d{2})(?: \d{2})?(?: mrr)?")
_MOMENT_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y-%m")


@dataclass(frozen=True)
class Reading:
    """How a file is understood."""

    month: str
    """Such as `2026-10`."""
    ends_at: int
    """The month's end, Unix seconds."""
    currency: str | None = None
    """Of a file that names none."""
    is_minor: bool = False
    """Whether amounts are cents already."""


def read_export(
    lines: Iterable[str], reading: Reading, mapping: Mapping[str, str]
) -> tuple[dict[Key, int], str]:
    """Reads a file.

    Args:
        lines: of the file.
        reading: how.
        mapping: field of `FIELDS` -> column, where it is not to be found by words.

    Returns:
        MRR by client and currency in minor units a month, rounded once a client; and one line on
        what was found.

    Raises:
        CompareError: a column or a value is missing or cannot be read.
    """
    rows = csv.DictReader(lines)
    names = [name for name in rows.fieldnames or () if name]
    found = _columns(names, mapping)
    months = [name for name in names if _month_of(_plain(name)) == reading.month]
    if "client" not in found:
        raise CompareError(
            f"no column of the file names a customer: give one by --column client=NAME, of "
            f"{', '.join(names) or 'none'}."
        )
    if "mrr" in found and "month" in found:
        amounts = _balances(rows, found, reading)
        kind = f"MRR in {found['mrr']}, month in {found['month']}"
    elif "change" in found and "at" in found:
        amounts = _changes(rows, found, reading)
        kind = f"changes in {found['change']}, dated by {found['at']}"
    elif months:
        amounts = _wide(rows, found, months[0], reading)
        kind = f"MRR in {months[0]}"
    elif "mrr" in found:
        amounts = _wide(rows, found, found["mrr"], reading)
        kind = f"MRR in {found['mrr']}, all taken for {reading.month}"
    else:
        raise CompareError(
            f"no column of the file is an MRR of {reading.month}: give --column mrr=NAME, or "
            f"change=NAME and at=NAME, of {', '.join(names)}."
        )
    sums: dict[Key, Fraction] = {}
    for key, amount in amounts:
        sums[key] = sums.get(key, Fraction(0)) + amount
    return (
        {key: round_half_up(value) for key, value in sums.items()},
        f"clients in {found['client']}, {kind}",
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.strip().lower()).strip()


def _month_of(text: str) -> str | None:
    match = _MONTH.fullmatch(text)
    return f"{match[1]}-{match[2]}" if match else None


def _columns(names: list[str], mapping: Mapping[str, str]) -> dict[str, str]:
    for name, column in mapping.items():
        if name not in FIELDS:
            raise CompareError(f"--column {name}: there is no such field: {', '.join(FIELDS)}.")
        if column not in names:
            raise CompareError(f"the file has no column {column}: {', '.join(names)}.")
    plain = {_plain(name): name for name in reversed(names)}
    found = dict(mapping)
    for field, words in FIELDS.items():
        if field not in found:
            held = next((plain[word] for word in words if word in plain), None)
            if held is not None:
                found[field] = held
    return found


Amounts = Iterator[tuple[Key, Fraction]]
Rows = Iterable[Mapping[str, str]]


def _balances(rows: Rows, found: Mapping[str, str], reading: Reading) -> Amounts:
    for row in rows:
        if _moment(row[found["month"]]).strftime("%Y-%m") == reading.month:
            yield _key(row, found, reading), _amount(row, found["mrr"], found, reading)


def _changes(rows: Rows, found: Mapping[str, str], reading: Reading) -> Amounts:
    for row in rows:
        if _moment(row[found["at"]]).timestamp() < reading.ends_at:
            yield _key(row, found, reading), _amount(row, found["change"], found, reading)


def _wide(rows: Rows, found: Mapping[str, str], column: str, reading: Reading) -> Amounts:
    for row in rows:
        yield _key(row, found, reading), _amount(row, column, found, reading)


def _key(row: Mapping[str, str], found: Mapping[str, str], reading: Reading) -> Key:
    client = (row[found["client"]] or "").strip()
    if not client:
        raise CompareError("a row of the file names no customer.")
    named = row[found["currency"]] if "currency" in found else reading.currency
    if not named:
        raise CompareError("the file names no currency: give one by --currency usd.")
    return client, named.strip().lower()


def _amount(
    row: Mapping[str, str], column: str, found: Mapping[str, str], reading: Reading
) -> Fraction:
    text = (row[column] or "").strip().replace(",", "")
    if not text:
        return Fraction(0)
    try:
        value = exact(text)
    except (ValueError, ZeroDivisionError):
        raise CompareError(f"{column}: {text[:40]!r} is no amount.") from None
    if reading.is_minor:
        return value
    currency: str = _key(row, found, reading)[1]
    return value * Fraction(10) ** currency_exponent(currency)


def _moment(text: str) -> datetime:
    """A day, month or moment as the file has it; UTC where it names no zone."""
    plain = (text or "").strip().replace("T", " ").removesuffix("Z").removesuffix(" UTC").strip()
    for form in _MOMENT_FORMS:
        try:
            return datetime.strptime(plain, form).replace(tzinfo=timezone.utc)
        except ValueError:
            continue
    try:
        found = datetime.fromisoformat(plain)
    except ValueError:
        raise CompareError(f"{text[:40]!r} is no day and no moment.") from None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
