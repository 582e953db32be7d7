"""`fields.yaml` -> the class of a field, by its name, the field around it and the object's type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).with_name("fields.yaml")

NOT_PERSONAL = ""
"""The class of fields that the table knows and that no switch touches."""


@dataclass(frozen=True)
class FieldClass:
    """One class of personal data."""

    name: str
    title: str
    """In words, for people."""
    fields: tuple[str, ...]
    """Patterns, as the head of `fields.yaml` explains them."""
    stays: frozenset[str] = frozenset()
    """Names that stay inside an object which a pattern fits."""


@dataclass
class _Patterns:
    """Patterns of one kind -> the class of what they fit."""

    exact: dict[str, str] = field(default_factory=dict)
    open: list[tuple[str, str]] = field(default_factory=list)

    def add(self, pattern: str, name: str) -> None:
        if "*" in pattern:
            self.open.append((pattern, name))
        elif self.exact.setdefault(pattern, name) != name:
            raise ValueError(f"{pattern!r} is in two classes")

    def find(self, text: str) -> str | None:
        found = self.exact.get(text)
        if found is not None:
            return found
        return next((name for pattern, name in self.open if fnmatchcase(text, pattern)), None)


class Table:
    """Which field belongs to which class."""

    def __init__(self, classes: Iterable[FieldClass], not_personal: Iterable[str]) -> None:
        """Takes the classes' patterns in.

        Raises:
            ValueError: a pattern is in two classes.
        """
        self.classes = {each.name: each for each in classes}
        self.not_personal = tuple(not_personal)
        self._of_type, self._within, self._plain = _Patterns(), _Patterns(), _Patterns()
        # First, so that among patterns with a * they count before the others.
        for pattern in self.not_personal:
            self._kind(pattern).add(pattern, NOT_PERSONAL)
        for each in self.classes.values():
            for pattern in each.fields:
                self._kind(pattern).add(pattern, each.name)

    def _kind(self, pattern: str) -> _Patterns:
        if ":" in pattern:
            return self._of_type
        return self._within if "." in pattern else self._plain

    def class_of(self, name: str, parent: str = "", kind: str = "") -> str | None:
        """The class of a field.

        Args:
            name: the field's.
            parent: of the field that it lies in; empty at the top of an object.
            kind: the type of the object around it, as its `object` says.

        Returns:
            A class, `NOT_PERSONAL`, or None if the table does not know the field.
        """
        found = self._of_type.find(f"{kind}:{name}")
        if found is None:
            found = self._within.find(f"{parent}.{name}")
        return self._plain.find(name) if found is None else found


def _flat(entries: Iterable[Any]) -> tuple[str, ...]:
    """Patterns, which the file may group in lists."""
    return tuple(
        pattern for entry in entries for pattern in (entry if isinstance(entry, list) else [entry])
    )


@cache
def table() -> Table:
    content: Mapping[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    classes = [
        FieldClass(name, entry["title"], _flat(entry["fields"]), frozenset(entry.get("stays", ())))
        for name, entry in content["classes"].items()
    ]
    return Table(classes, _flat(content["not_personal"]))
