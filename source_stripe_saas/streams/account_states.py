"""A stream's state when several accounts are read <-> the states of its accounts.

{"accounts": {"acct_1": {"updated": 1750000000}, "acct_2": {"backfill": …}}}
{"accounts": {…}, "gone": ["acct_3"]}   ... this one is connected no more, which has been said

What stands for an account is the state that the stream has when that account is read alone. An
account that is read no more keeps its state: if it comes back, it goes on from there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

ACCOUNT_FIELD = "account_id"
"""What each record and each primary key begin with."""

_ACCOUNTS, _GONE = "accounts", "gone"


@dataclass
class AccountStates:
    """Where one stream stands in every account."""

    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Account -> its state."""
    gone: list[str] = field(default_factory=list)
    """Accounts that are known to be connected no more."""
    is_of_one_account: bool = False
    """There was a state, of a sync that did not know which account it read."""

    def blob(self) -> dict[str, Any]:
        """The state for the platform."""
        blob: dict[str, Any] = {_ACCOUNTS: dict(self.parts)}
        if self.gone:
            blob[_GONE] = list(self.gone)
        return blob

    def newly_gone(self, read: Collection[str]) -> list[str]:
        """Accounts that have a state, are not read any more, and have not been named before.

        Args:
            read: the accounts of this sync.
        """
        gone = [name for name in self.parts if name not in read]
        new = [name for name in gone if name not in self.gone]
        self.gone = gone
        return new


def read_account_states(blob: Mapping[str, Any]) -> AccountStates:
    """The states of the accounts.

    A state of a sync of one account names no account, and the rows that it vouches for lack the
    column: it is of no use.
    """
    parts = blob.get(_ACCOUNTS)
    if not isinstance(parts, Mapping):
        has_state = bool(blob) and not blob.get("__ab_no_cursor_state_message")
        return AccountStates(is_of_one_account=has_state)
    gone = blob.get(_GONE)
    return AccountStates(
        {str(name): dict(part) for name, part in parts.items() if isinstance(part, Mapping)},
        [name for name in gone if isinstance(name, str)] if isinstance(gone, list) else [],
    )


def is_unfinished(part: Mapping[str, Any]) -> bool:
    """True for an account whose first read has not come to its end."""
    is_ledger = "horizon" in part
    return "backfill" in part or (is_ledger and ("through" not in part or "written" in part))
