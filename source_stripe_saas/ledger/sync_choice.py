"""The ledger's state and the present moment -> a scan, or following the change feed."""

from __future__ import annotations

from source_stripe_saas.ledger.following import Following
from source_stripe_saas.ledger.progress import LedgerPosition, LedgerProgress
from source_stripe_saas.ledger.scan import Scan
from source_stripe_saas.ledger.sync import LedgerSync, window_start
from source_stripe_saas.mrr import SEMANTICS_VERSION, Options
from source_stripe_saas.streams.read_mode import DAY_SECONDS
from source_stripe_saas.streams.stream_reader import StreamReader

HORIZON_SECONDS = 29 * DAY_SECONDS
"""How far before the first sync T0 lies (M37)."""


def choose_sync(
    reader: StreamReader, options: Options, position: LedgerPosition | None, reason: str | None
) -> LedgerSync:
    """A sync that goes on from a position.

    Args:
        reader: the stream's.
        options: how MRR is counted.
        position: from the state, if there is a usable one.
        reason: why the state, if there was one, is of no use.
    """
    horizon = reader.began - HORIZON_SECONDS
    is_first = position is None
    if position is None:
        position = LedgerPosition(horizon, options.fingerprint)
    elif position.options != options.fingerprint:
        reason = "its options have changed"
        position = LedgerPosition(position.horizon, options.fingerprint)
        is_first = True
    elif position.rules != SEMANTICS_VERSION:
        reason = (
            f"its rows were made by version {position.rules} of the MRR rules, which are at "
            f"{SEMANTICS_VERSION} now"
        )
        position = LedgerPosition(position.horizon, options.fingerprint)
        is_first = True
    elif position.aside.more:
        # Those beyond what a state holds are not known by name.
        reason = "its last sync had to skip more subscriptions than a state remembers"
        position = LedgerPosition(position.horizon, options.fingerprint)
        is_first = True
    elif position.through is not None and position.through > reader.began + DAY_SECONDS:
        reason = "its state lies in the future"
        position = LedgerPosition(horizon, options.fingerprint)
        is_first = True
    progress = LedgerProgress(reader.plan, position, is_first)
    kind = Scan if _needs_scan(position, reader.began) else Following
    return kind(reader, options, progress, reason)


def _needs_scan(position: LedgerPosition, began: int) -> bool:
    """True if nothing is complete, or events do not reach back so far."""
    through = position.through
    return not position.is_complete or through is None or through < window_start(began)
