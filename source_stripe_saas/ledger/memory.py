"""What is remembered of every subscription between two syncs <-> one short text for the state.

A hundred thousand live subscriptions have to fit into two megabytes. So each is known by 64 bits of
its id, what nearly all have stands in columns, and only what is rare is spelled out.
"""

from __future__ import annotations

import base64
import bz2
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from source_stripe_saas.mrr import Context
from source_stripe_saas.mrr.discount import coupon_reference
from source_stripe_saas.mrr.state import ENDED

_KEPT_AFTER_END_SECONDS = 92 * 86_400
"""A late payment for an ended subscription still finds its place in the sequence for so long."""

_SHIFT = 1 << 63
"""Keys are signed for SQLite, and sorted without a sign here."""

_KINDS = ("p", "s", "w", "r", "f", "z")
"""Fields of a context that have few values; a combination of them is one small number."""

_OF_DISCOUNT = ("start", "end", "subscription_item", "invoice", "customer")
_OF_COUPON = (
    "id",
    "created",
    "duration",
    "percent_off",
    "amount_off",
    "currency",
    "currency_options",
    "applies_to",
)

_VERSION = 1


@dataclass(frozen=True)
class Memory:
    """One subscription between two syncs."""

    context: Context
    currency: str
    subscription_id: str = ""
    """Only where the clock will change it: no event names it then."""
    ended_at: int = 0
    """Unix seconds; 0 while it goes on."""

    @property
    def due_at(self) -> int | None:
        """When the clock changes it without an event, Unix seconds."""
        return self.context.next_end


def remembered(
    context: Context, subscription_id: str, currency: str, ended_at: int | None
) -> Memory | None:
    """What to keep of a context; None for a subscription that has no row yet or is long over.

    Args:
        context: as a derivation gave it.
        subscription_id: whose it is.
        currency: of its rows.
        ended_at: when it ended, Unix seconds, if it has.
    """
    if context.sequence == 0:
        return None
    has_ended = context.status in ENDED
    ended = (ended_at or context.last_at or context.through) if has_ended else 0
    if _is_long_over(ended, context.through):
        return None
    kept = context.compact(keep_timed=False)
    held = kept.learned.get("discounts") or {}
    learned = {key: [place, _slim(raw)] for key, (place, raw) in held.items()}
    kept = replace(kept, learned={"discounts": learned} if learned else {})
    is_timed = kept.next_end is not None
    return Memory(kept, currency, subscription_id if is_timed else "", ended)


def long_over(memories: Mapping[int, Memory], through: int) -> list[int]:
    """The keys of those that need not be kept any longer.

    Args:
        memories: by key.
        through: up to where all of them have been followed.
    """
    return [key for key, memory in memories.items() if _is_long_over(memory.ended_at, through)]


def _is_long_over(ended_at: int, through: int) -> bool:
    return bool(ended_at) and ended_at < through - _KEPT_AFTER_END_SECONDS


def _slim(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What the rules read of a discount."""
    kept = {name: raw[name] for name in _OF_DISCOUNT if raw.get(name) is not None}
    coupon = coupon_reference(raw)
    if isinstance(coupon, Mapping):
        coupon = {name: coupon[name] for name in _OF_COUPON if coupon.get(name) is not None}
    kept["coupon"] = coupon
    if raw.get("subscription"):
        kept["subscription"] = 1  # only whether it has one is of interest
        kept.pop("customer", None)
    elif raw.get("customer"):
        kept["customer"] = 1
    return kept


def packed(memories: Mapping[int, Memory], through: int) -> str:
    """The text that `unpacked` reads.

    Args:
        memories: by key.
        through: up to where all of them have been followed.
    """
    order = sorted(memories)
    kinds: dict[tuple[Any, ...], int] = {}
    columns: dict[str, list[int]] = {name: [] for name in ("kind", "n", "m", "a", "ended")}
    rare: list[list[Any]] = []
    for place, key in enumerate(order):
        memory = memories[key]
        short = memory.context.to_json()
        short.pop("t", None)
        kind = (memory.currency, *(short.pop(name, None) for name in _KINDS))
        columns["kind"].append(kinds.setdefault(kind, len(kinds)))
        columns["n"].append(short.pop("n", 0))
        columns["m"].append(short.pop("m", 0))
        last_at = short.pop("a", 0)
        columns["a"].append(through - last_at + 1 if last_at else 0)
        columns["ended"].append(through - memory.ended_at + 1 if memory.ended_at else 0)
        if memory.subscription_id:
            short["id"] = memory.subscription_id
        if short:
            rare.append([place, short])
    head = json.dumps(
        {"kinds": [list(kind) for kind in kinds], "rare": rare}, separators=(",", ":"), default=str
    )
    parts = [_keys_packed(order), *(_numbers_packed(column) for column in columns.values())]
    parts.append(head.encode())
    small = [bz2.compress(part) for part in parts]
    sizes = _numbers_packed([_VERSION, len(order), *map(len, small)])
    return base64.b85encode(bytes([len(sizes)]) + sizes + b"".join(small)).decode()


def unpacked(text: str, through: int) -> dict[int, Memory]:
    """Memories by key.

    Args:
        text: from `packed`.
        through: the same as there.

    Raises:
        ValueError: the text is not one of those.
    """
    try:
        return _unpacked(base64.b85decode(text), through)
    except (ValueError, TypeError, LookupError, OSError, EOFError, AttributeError) as error:
        raise ValueError(f"not a text of remembered subscriptions: {error}") from error


def _unpacked(data: bytes, through: int) -> dict[int, Memory]:
    numbers = _numbers(data[1 : 1 + data[0]])
    version, count, sizes = numbers[0], numbers[1], numbers[2:]
    if version != _VERSION or len(sizes) != 7:
        raise ValueError(f"version {version}")
    parts, start = [], 1 + data[0]
    for size in sizes:
        parts.append(bz2.decompress(data[start : start + size]))
        start += size
    order = _keys(parts[0])
    kind, n, m, a, ended = (_numbers(part) for part in parts[1:6])
    head = json.loads(parts[6])
    kinds, rare = head["kinds"], dict(head["rare"])
    if not len(order) == len(kind) == len(n) == len(m) == len(a) == len(ended) == count:
        raise ValueError("columns of different lengths")
    found = {}
    for place, key in enumerate(order):
        short = dict(rare.get(place, ()))
        identity = short.pop("id", "")
        currency, *values = kinds[kind[place]]
        short |= {
            name: value for name, value in zip(_KINDS, values, strict=True) if value is not None
        }
        short |= {"t": through, "n": n[place], "m": m[place]}
        if a[place]:
            short["a"] = through + 1 - a[place]
        ended_at = through + 1 - ended[place] if ended[place] else 0
        found[key] = Memory(Context.from_json(short), currency, identity, ended_at)
    return found


def _keys_packed(order: Iterable[int]) -> bytes:
    """Sorted numbers of 64 bits: how many share their upper 16, then the lower 48 of each."""
    counts = [0] * 65_536
    lower = bytearray()
    for key in order:
        number = key + _SHIFT
        counts[number >> 48] += 1
        lower += (number & 0xFFFF_FFFF_FFFF).to_bytes(6, "big")
    upper = _numbers_packed(counts)
    return len(upper).to_bytes(4, "big") + upper + bytes(lower)


def _keys(data: bytes) -> list[int]:
    size = int.from_bytes(data[:4], "big")
    counts, at = _numbers(data[4 : 4 + size]), 4 + size
    keys = []
    for upper, count in enumerate(counts):
        for _ in range(count):
            keys.append((upper << 48 | int.from_bytes(data[at : at + 6], "big")) - _SHIFT)
            at += 6
    return keys


def _numbers_packed(numbers: Iterable[int]) -> bytes:
    """Seven bits a byte, the highest bit set where a number goes on."""
    out = bytearray()
    for number in numbers:
        if number < 0:
            raise ValueError(f"{number} is negative")
        while number > 0x7F:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        out.append(number)
    return bytes(out)


def _numbers(data: bytes) -> list[int]:
    numbers, number, shift = [], 0, 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
        else:
            numbers.append(number)
            number, shift = 0, 0
    return numbers
