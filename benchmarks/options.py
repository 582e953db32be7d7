"""What a benchmark's server is to be like, as a file that its process reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from benchmarks.account import AccountOptions


@dataclass(frozen=True)
class ServerOptions:
    """An account, and how its server behaves."""

    account: AccountOptions
    latency_seconds: float = 0.0
    account_per_second: float | None = None
    """Requests a second; None: as many as one likes."""
    endpoint_per_second: float | None = None
    fault_share: float = 0.0
    """So many of all requests are answered 500, or 429 without a reason, in equal parts."""
    seed: int = 7
    clock_offset_seconds: int = 0
    """Added to the server's clock, which clients see in the `Date` header."""
    events: list[dict[str, Any]] = field(default_factory=list)
    """What `/v1/events` lists, newest first."""

    def save(self, path: Path) -> None:
        """Writes them for the server's process."""
        path.write_bytes(orjson.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> ServerOptions:
        """Reads what `save` wrote."""
        content = orjson.loads(path.read_bytes())
        account = content.pop("account")
        account["gone"] = tuple(account["gone"])
        return cls(account=AccountOptions(**account), **content)
