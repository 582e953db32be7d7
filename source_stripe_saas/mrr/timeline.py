"""What invoices prove of items in, the items from moment to moment out (M40, M46)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from source_stripe_saas.mrr.evidence import Choice, Holding, Observation
from source_stripe_saas.mrr.step import EXACT, PERIOD_START


@dataclass(frozen=True)
class ItemsAt:
    """The items from a moment on, and what proved the change."""

    at: int
    items: Mapping[str, Holding]
    precision: str
    key: str | None


@dataclass(frozen=True)
class _Changed:
    """A change that one observation brought, and the line that says so."""

    observation: Observation
    line: str | None


def timeline(
    found: Iterable[Observation], born_by: int, initial: Mapping[str, Holding] | None
) -> list[ItemsAt]:
    """Builds the items at each moment at which evidence changes them (M40, M46).

    Args:
        found: in order, only those that may be used.
        born_by: what is dated up to then belongs to the first entry.
        initial: the items known before, where the history does not begin at birth (M49).

    Returns:
        The moments in order; the first is the birth. Its time is later than `born_by` where no
        evidence reaches back to it: then these items are carried back.
    """
    held: dict[str, Holding] = dict(initial or {})
    moments: list[ItemsAt] = []
    for at, group in groupby(found, key=lambda one: one.at):
        changed = _apply(list(group), held)
        if not changed:
            continue
        is_birth = initial is None and (at <= born_by or not moments)
        precision = EXACT
        if not is_birth and any(one.observation.precision == PERIOD_START for one in changed):
            precision = PERIOD_START
        if is_birth and moments:
            moments.pop()
        lines = [one.line for one in changed if one.line]
        key = min(lines) if lines else changed[0].observation.invoice
        moments.append(ItemsAt(at, dict(held), precision, key))
    return moments


def _apply(together: list[Observation], held: dict[str, Holding]) -> list[_Changed]:
    """Brings the items up to date with one moment's evidence and returns what changed them."""
    changed = []
    for item in dict.fromkeys(one.item for one in together):
        # Of several, the one that differs from what was held counts (M39.2).
        differing: list[tuple[Choice, Observation]] = [
            (choice, one)
            for one in together
            if one.item == item
            for choice in one.choices(held.get(item))
            if choice[0] != held.get(item)
        ]
        if differing:
            (holding, line), one = differing[-1]
            held[item] = holding
            changed.append(_Changed(one, line))
    proven = {one.item for one in together if not one.is_gone}
    # A credit stands against a renewal of its second, an absence does not.
    gone = [one for one in together if one.is_gone and (one.line or one.item not in proven)]
    gone = [one for one in gone if one.item in held]
    # A subscription has at least one item: credits for all of them are the end, not a removal.
    if gone and set(held) - {one.item for one in gone}:
        for one in gone:
            if held.pop(one.item, None) is not None:
                changed.append(_Changed(one, one.line))
    return changed
