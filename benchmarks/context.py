"""How large a benchmark is to be, and where its files go."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.account import AccountOptions
from benchmarks.peers.environments import LOOP, PLAIN_CDK, Peer, Unavailable, interpreter

SIX_SHARES = {
    "customers": 20,
    "subscriptions": 15,
    "invoices": 25,
    "charges": 25,
    "refunds": 10,
    "payouts": 5,
}
"""Percent of an account's objects, for the six main streams."""


@dataclass(frozen=True)
class Context:
    """What every benchmark is given."""

    folder: Path
    is_tiny: bool = False
    """True: everything once, as small as can be; nothing is judged, no peer is installed."""
    only_connector: bool = False
    """True: no peers."""

    @property
    def repeats(self) -> int:
        """How many runs a median is taken of."""
        return 1 if self.is_tiny else 3

    def size(self, full: int, tiny: int) -> int:
        """A number of objects."""
        return tiny if self.is_tiny else full

    def say(self, text: str) -> None:
        """Prints how far it is."""
        print(f"  {text}", file=sys.stderr, flush=True)

    def account(self, objects: int, growth: float = 10.0) -> AccountOptions:
        """An account of the six main streams."""
        counts = {name: max(1, objects * share // 100) for name, share in SIX_SHARES.items()}
        return AccountOptions(counts, until=int(time.time()) - 3600, growth=growth)

    def python(self, peer: Peer) -> Path | None:
        """The interpreter that runs a peer, None where it is left out."""
        if self.only_connector:
            return None
        if self.is_tiny:
            return Path(sys.executable) if peer in (LOOP, PLAIN_CDK) else None
        try:
            return interpreter(peer, self.say)
        except Unavailable as problem:
            self.say(f"left out: {problem}")
            return None
