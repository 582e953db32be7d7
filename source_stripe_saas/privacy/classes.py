"""The classes of personal data and what can be done with each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Action = Literal["keep", "hash", "drop"]

CLASSES = (
    "email",
    "name",
    "phone",
    "address",
    "ip",
    "identity",
    "card_details",
    "bank_details",
    "descriptions",
    "metadata",
    "links",
)

PAYMENT_INSTRUMENTS = ("card_details", "bank_details")
"""What the switch `payment_instruments` is about."""


@dataclass(frozen=True)
class Policy:
    """What a config wants done with each class of personal data."""

    actions: Mapping[str, Action] = field(default_factory=dict)
    """Class -> action; a class that is not named is kept."""
    key: str | None = field(default=None, repr=False)
    """The secret that hashes are keyed with; there is one if anything is hashed."""

    @property
    def is_idle(self) -> bool:
        return not any(self.hashed_or_dropped.values())

    @property
    def hashed_or_dropped(self) -> dict[str, Action]:
        return {name: action for name, action in self.actions.items() if action != "keep"}
