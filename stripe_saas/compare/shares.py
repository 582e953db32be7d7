"""Their number, ours and what each switched rule comes to in; each rule's share out; pure (M68).

The share of a rule is what the number changes by when that rule is switched, after all rules before
it and before all after it. So the shares of a client add up to the last number less the first, and
what is left to theirs is the rest: shown, counted, and put down to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Key = tuple[str, str]


@dataclass(frozen=True)
class Difference:
    """One client's, in one currency, in minor units a month."""

    client: str
    currency: str
    ours_minor: int
    theirs_minor: int
    shares_minor: Mapping[str, int] = field(default_factory=dict)
    """Rule -> its share, without those that move nothing."""

    @property
    def rest_minor(self) -> int:
        """What no rule explains; 0 if the shares are the difference."""
        return self.theirs_minor - self.ours_minor - sum(self.shares_minor.values())


def differences(
    ours: Mapping[Key, int],
    theirs: Mapping[Key, int],
    counted: Sequence[tuple[str, Mapping[Key, int]]],
) -> list[Difference]:
    """Each client's difference, those with a rest first, then the largest.

    Args:
        ours: MRR by client and currency, as the ledger has it.
        theirs: the same as they have it.
        counted: first what our rules come to on the evidence, under any name; then, rule by rule,
            what it comes to once that one is switched.
    """
    found = []
    for key in sorted(ours.keys() | theirs.keys() | {one for _, each in counted for one in each}):
        shares = {
            name: after.get(key, 0) - before.get(key, 0)
            for (_, before), (name, after) in pairwise(counted)
            if after.get(key, 0) != before.get(key, 0)
        }
        one = Difference(*key, ours.get(key, 0), theirs.get(key, 0), shares)
        if shares or one.rest_minor or one.ours_minor != one.theirs_minor:
            found.append(one)
    return sorted(
        found,
        key=lambda one: (
            one.rest_minor == 0,
            -abs(one.theirs_minor - one.ours_minor),
            one.client,
            one.currency,
        ),
    )
