"""What a subscription's ledger must remember between two syncs, and its compact text form."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import Any

from source_stripe_saas.mrr.catalog import FROM_ESTIMATE, FROM_MEMORY
from source_stripe_saas.mrr.moment import DAY_SECONDS
from source_stripe_saas.mrr.movement import NEVER
from source_stripe_saas.mrr.standing import OnceWindow
from source_stripe_saas.mrr.state import Item, State

# No row is dated further back than this from what tells it, so older times need not be known.
RECENT_SECONDS = 7 * DAY_SECONDS
_SHORT = {
    "through": "t",
    "sequence": "n",
    "phase": "p",
    "mrr_minor": "m",
    "last_at": "a",
    "moved_at": "j",
    "status": "s",
    "was_live": "w",
    "had_trial": "r",
    "has_paid": "f",
    "is_free": "z",
    "cap": "c",
    "metered_minor": "u",
    "windows": "o",
    "key_counts": "k",
    "recent_invoices": "i",
    "next_end": "h",
    "earlier_digest": "e",
    "earlier_at": "g",
    "customer_discount": "x",
    "silent": "q",
    "state": "v",
    "learned": "b",
}
_PARTS = [one.name for one in fields(State)]
_LASTING = (FROM_MEMORY, FROM_ESTIMATE)


@dataclass
class Context:
    """A ledger's memory.

    Attributes:
        through: the upper bound up to which rows have been made.
        sequence: how many rows there are.
        phase: the phase of the last row (M34).
        mrr_minor: MRR after the last row.
        last_at: when the last row occurred; 0 where that was long before `through`.
        moved_at: when a row last changed items, list value or MRR; 0 where that was long ago.
        status: the last status.
        was_live: whether it ever was active or past due.
        had_trial: whether it ever was in trial.
        has_paid: whether the first payment has been made (M26).
        is_free: whether it is in a free period (M24).
        cap: the exact MRR that the free period keeps.
        metered_minor: item id -> what the last paid invoice billed for it (M14).
        windows: once coupons in use (M21).
        key_counts: keys of M35 that may still repeat, with how often they were used.
        recent_invoices: invoices whose rows were made so near the bound that they may come again.
        next_end: when the clock alone will next end something, if no event comes before.
        earlier_digest: of the state before it, while a second event may still tell the same change.
        earlier_at: when that change was told.
        customer_discount: the customer's discount as last known.
        silent: discounts still named that have no effect any more, or not yet, with their end.
        state: the last state; None where the next event or the object will state it.
        learned: prices and discounts of that state which no catalog holds.
    """

    through: int
    sequence: int = 0
    phase: str = NEVER
    mrr_minor: int = 0
    last_at: int = 0
    moved_at: int = 0
    status: str = ""
    was_live: bool = False
    had_trial: bool = False
    has_paid: bool = False
    is_free: bool = False
    cap: Fraction | None = None
    metered_minor: dict[str, Fraction] = field(default_factory=dict)
    windows: list[OnceWindow] = field(default_factory=list)
    key_counts: dict[str, int] = field(default_factory=dict)
    recent_invoices: list[str] = field(default_factory=list)
    next_end: int | None = None
    earlier_digest: str = ""
    earlier_at: int = 0
    customer_discount: str | None = None
    silent: dict[str, int] = field(default_factory=dict)
    state: State | None = None
    learned: dict[str, Any] = field(default_factory=dict)

    def copy(self) -> "Context":
        """One of its own to whoever changes it."""
        return replace(
            self,
            metered_minor=dict(self.metered_minor),
            windows=list(self.windows),
            key_counts=dict(self.key_counts),
            recent_invoices=list(self.recent_invoices),
        )

    def to_json(self) -> dict[str, Any]:
        """Short keys, defaults left out."""
        short: dict[str, Any] = {}
        for name, key in _SHORT.items():
            value = getattr(self, name)
            # A cap of 0 is one: a free period given while nothing counted may not create MRR.
            is_empty = value is None if name == "cap" else value in (None, "", False, 0, [], {})
            if is_empty or (name == "phase" and value == NEVER):
                continue
            short[key] = _plain(name, value)
        short["t"] = self.through
        return short

    def compact(self, keep_timed: bool = True) -> "Context":
        """Without what the next event, or the current object, gives back (M29).

        The terms of discounts stay, as nothing may tell of them any more: a coupon may be deleted,
        and the invoices that terms were estimated from will not be read again.

        Args:
            keep_timed: keep the state where the clock will end something (`next_end`). Without
                it, whoever goes on after that moment has to bring the current object.
        """
        recently = self.through - RECENT_SECONDS
        last_at = self.last_at if self.last_at > recently else 0
        moved_at = self.moved_at if self.moved_at > recently else 0
        if keep_timed and self.next_end is not None:
            return replace(self, last_at=last_at, moved_at=moved_at)
        known = (self.learned.get("discounts") or {}).items()
        is_timed = self.next_end is not None
        kept = {key: entry for key, entry in known if is_timed or entry[0] in _LASTING}
        learned = {"discounts": kept} if kept else {}
        return replace(self, last_at=last_at, moved_at=moved_at, state=None, learned=learned)

    @classmethod
    def from_json(cls, short: Mapping[str, Any]) -> "Context":
        """Reads what `to_json` wrote."""
        given = {name: _own(name, short[key]) for name, key in _SHORT.items() if key in short}
        return cls(**given)


def digest_of(state: State) -> str:
    """Eight hex digits of everything in a state that can make a row (M28)."""
    vector = [getattr(state, one.name) for one in fields(State) if one.compare]
    text = json.dumps(vector, default=_item_plain, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _item_plain(item: Item) -> list[Any]:
    return [item.id, item.price, item.quantity, list(item.discounts)]


def _plain(name: str, value: Any) -> Any:
    if name == "cap":
        return str(value)
    if name == "metered_minor":
        return {key: str(amount) for key, amount in value.items()}
    if name == "windows":
        return [[one.discount, one.item, one.start, one.end] for one in value]
    if name == "state":
        parts = [getattr(value, part) for part in _PARTS]
        parts[_PARTS.index("items")] = [_item_plain(item) for item in value.items]
        return parts
    return int(value) if isinstance(value, bool) else value


def _own(name: str, value: Any) -> Any:
    if name == "cap":
        return Fraction(value)
    if name == "metered_minor":
        return {key: Fraction(amount) for key, amount in value.items()}
    if name == "windows":
        return [OnceWindow(*one) for one in value]
    if name == "state":
        parts = dict(zip(_PARTS, value, strict=True))
        parts["items"] = tuple(Item(i, p, q, tuple(found)) for i, p, q, found in parts["items"])
        parts["own_discounts"] = tuple(parts["own_discounts"])
        return State(**parts)
    if name in ("was_live", "had_trial", "has_paid", "is_free"):
        return bool(value)
    return value
