"""The table of personal fields in; the generated part of `docs/privacy.md` out.

python -m tools.generate_privacy_docs
"""

from __future__ import annotations

from pathlib import Path

from source_stripe_saas.config import resources
from source_stripe_saas.privacy.classes import PAYMENT_INSTRUMENTS, Policy
from source_stripe_saas.privacy.redaction import Redaction
from source_stripe_saas.privacy.table import NOT_PERSONAL, Table, table
from source_stripe_saas.streams.plans import load_plans

FILE = Path(__file__).parents[1] / "docs" / "privacy.md"
BEGIN, END = "<!-- fields: begin -->", "<!-- fields: end -->"


def fields_in_words() -> str:
    """What stands between the two marks."""
    known = table()
    parts = ["Written by `python -m tools.generate_privacy_docs`; a test holds it current.\n"]
    parts.append("| Class | What it is | Fields | Stays in an object | Streams that have any |")
    parts.append("| --- | --- | --- | --- | --- |")
    for name, each in known.classes.items():
        cells = (
            f"`{name}`",
            each.title,
            _codes(each.fields),
            _codes(sorted(each.stays)),
            _streams(name),
        )
        parts.append(f"| {' | '.join(cells)} |")
    parts.append(
        "\n`payment_instruments` is short for " + _codes(PAYMENT_INSTRUMENTS, " and ") + "."
    )
    parts.append("\nThese would fit a pattern and pass all the same, since they tell of nobody:\n")
    parts.append(_codes(_exceptions(known)) + ".")
    return "\n".join(parts) + "\n"


def _streams(name: str) -> str:
    redaction = Redaction(Policy({name: "drop"}))
    plans = load_plans()
    found = [
        stream
        for stream, plan in plans.items()
        if redaction.touches(resources.schema(stream), plan.object)
    ]
    if len(found) <= len(plans) // 2:
        return _codes(found)
    without = [stream for stream in plans if stream not in found]
    return f"all but {_codes(without)}"


def _exceptions(known: Table) -> list[str]:
    """Patterns of what is not personal that would be, were they not listed."""
    bare = Table(known.classes.values(), ())
    found = []
    for pattern in known.not_personal:
        kind, _, place = pattern.rpartition(":")
        parent, _, name = place.rpartition(".")
        if bare.class_of(name.replace("*", "x"), parent, kind) not in (None, NOT_PERSONAL):
            found.append(pattern)
    return found


def _codes(names: object, separator: str = ", ") -> str:
    assert isinstance(names, list | tuple)
    return separator.join(f"`{name}`" for name in names)


def with_fields(text: str) -> str:
    """The document with its generated part renewed.

    Raises:
        ValueError: a mark is missing.
    """
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{fields_in_words()}{END}{after}"


def main() -> None:
    """Renews the file."""
    FILE.write_text(with_fields(FILE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
