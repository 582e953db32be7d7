"""Rates in; what befalls a delivery out. The same seed gives the same mishaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

KINDS = {
    "dropped": "never sent, and listed by delivery_success=false",
    "doubled": "sent twice",
    "shuffled": "sent at a random place among those that are due",
    "late": "sent an hour to two days later, by the account's clock",
    "forged": "a delivery beside it that is signed with a wrong secret",
    "replayed": "a delivery beside it that was signed ten minutes ago",
    "ahead": "a delivery beside it that is signed ten minutes ahead",
    "other_mode": "a delivery beside it of the other mode, signed rightly",
    "other_account": "a delivery beside it of another account, signed rightly",
}
"""Name of a mishap -> what it does to a delivery."""

_LATEST_SECONDS = 2 * 86_400
_SOONEST_SECONDS = 3600


@dataclass
class Mishaps:
    """Draws for each event what goes wrong with it."""

    rates: Mapping[str, float] = field(default_factory=dict)
    """Name -> share of the deliveries, from 0 to 1."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name, rate in self.rates.items():
            if name not in KINDS:
                raise ValueError(f"there is no mishap '{name}'; there are {', '.join(KINDS)}")
            if not 0 <= rate <= 1:
                raise ValueError(f"the rate of '{name}' is from 0 to 1, not {rate}")

    def strikes(self, name: str, identity: str) -> bool:
        """Whether a mishap befalls the delivery of an event."""
        rate = self.rates.get(name, 0)
        return rate > 0 and self._random(name, identity).random() < rate

    def delay(self, identity: str) -> int:
        """Seconds by which a late delivery is late."""
        return self._random("delay", identity).randint(_SOONEST_SECONDS, _LATEST_SECONDS)

    def place(self, identity: str) -> float:
        """Where a shuffled delivery stands among the others, from 0 to 1."""
        return self._random("place", identity).random()

    def _random(self, name: str, identity: str) -> Random:
        return Random(f"{self.seed}/{name}/{identity}")
