"""The MRR rules and spec.yaml in; the generated tables of `docs/mrr.md` out, written in place.

python -m tools.generate_mrr_docs
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from source_stripe_saas.mrr import EVENT_TYPES
from source_stripe_saas.mrr.movement import DISCOUNT_ROWS
from source_stripe_saas.mrr.options import CHOICES, FACTORS, PRESETS, WAREHOUSE_OPTIONS, Options
from source_stripe_saas.mrr.row import ONCE_TYPES, TOLD_TYPES
from stripe_saas.explain.wording import WORDS

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "mrr.md"
SPEC = ROOT / "spec.yaml"

_KEYS = {
    "renewed": "the invoice",
    "trial_started": "the trial's start",
    "payment_failed": "the invoice and the attempt",
}


def row_types() -> str:
    """One row a type: what happened, and what its `event_id` is made from besides the type."""
    return _table(
        ("`event_type`", "What happened", "Its id names, besides the subscription"),
        ((f"`{name}`", WORDS[name], _key(name)) for name in EVENT_TYPES),
    )


def options() -> str:
    """One row an option: its default, other values, and what spec.yaml says of it."""
    described = _described()
    defaults = Options()
    rows = []
    for field in fields(Options):
        name, default = field.name, str(getattr(defaults, field.name))
        others = [value for value in CHOICES.get(name, ()) if value != default]
        listed = ", ".join(f"`{value}`" for value in others)
        if name in FACTORS:
            listed = "any number or fraction above 0"
        rows.append((f"`{name}`", f"`{default}`", listed, described[name]))
    for name in sorted(WAREHOUSE_OPTIONS):
        rows.append((f"`{name}`", "", "", described[name]))
    return _table(("Option", "Default", "Other values", "What it decides"), rows)


def presets() -> str:
    """One row a preset."""
    rows = [
        (f"`{name}`", ", ".join(f"`{option}: {value}`" for option, value in chosen.items()))
        for name, chosen in PRESETS.items()
    ]
    return _table(("Preset", "Sets"), rows)


PARTS = {"row types": row_types, "options": options, "presets": presets}


def with_tables(text: str) -> str:
    """The page with every generated table written anew.

    Raises:
        ValueError: the page lacks the marks between which a table stands.
    """
    for name, part in PARTS.items():
        start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, found, rest = text.partition(start)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"{FILE.name} has no place for the table of {name}")
        text = f"{before}{start}\n{part()}\n{end}{after}"
    return text


def _key(name: str) -> str:
    if name in ONCE_TYPES:
        return "nothing: it happens once"
    if name in DISCOUNT_ROWS:
        return "the discount"
    if name in TOLD_TYPES:
        return "the Stripe event, or the invoice line that proves it"
    return _KEYS.get(name, "the second")


def _described() -> dict[str, str]:
    spec: dict[str, Any] = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    mrr = spec["connectionSpecification"]["properties"]["mrr"]["properties"]
    return {name: " ".join(str(entry["description"]).split()) for name, entry in mrr.items()}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(cells)} |" for cells in rows]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes the tables into the page."""
    FILE.write_text(with_tables(FILE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
