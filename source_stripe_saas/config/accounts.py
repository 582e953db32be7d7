"""The config field `accounts` -> which accounts are read, in the form that `spec.yaml` has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ACCOUNT_ID = re.compile(r"acct_[A-Za-z0-9_/]+")  # it goes into a header
_ALLOWED = (
    "`this`, `all_connected`, a list of accounts (acct_…), or `organization` with such a list"
)


@dataclass(frozen=True)
class AccountChoice:
    """Several accounts that one sync reads."""

    ids: tuple[str, ...] = ()
    """Those that are named; none: the key's own account and all that are connected to it."""
    is_organization: bool = False
    """They are members of an organization."""

    @property
    def is_all_connected(self) -> bool:
        """True if Stripe's list of connected accounts decides."""
        return not self.ids


def read_accounts(value: Any) -> tuple[dict[str, Any], AccountChoice | None]:
    """The field as a form has it, and what it means.

    Args:
        value: `this`, `all_connected`, a list of ids, `{"organization": [id]}`, or the form's
            `{"read": "this" | "all_connected" | "named" | "organization", "ids": [id]}`.

    Returns:
        (the form's object, the choice; None for the one account that is read without the field).

    Raises:
        ValueError: it is none of these; the text is the rest of a sentence about the field.
    """
    form = _form_of(value)
    kind, ids = form["read"], form.get("ids")
    if kind == "this":
        return form, None
    if kind == "all_connected":
        return form, AccountChoice()
    if not isinstance(ids, list) or not ids:
        raise ValueError(f"names no account; there may be {_ALLOWED}.")
    named = [name.strip() if isinstance(name, str) else name for name in ids]
    for name in named:
        if not isinstance(name, str) or not ACCOUNT_ID.fullmatch(name):
            raise ValueError(f"must hold ids such as acct_…, not {name!r}.")
    choice = AccountChoice(tuple(dict.fromkeys(named)), is_organization=kind == "organization")
    return {**form, "ids": named}, choice


def _form_of(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return {"read": "named", "ids": value}
    if isinstance(value, str):
        value = {"read": value}
    elif isinstance(value, Mapping) and set(value) == {"organization"}:
        value = {"read": "organization", "ids": value["organization"]}
    kinds = ("this", "all_connected", "named", "organization")
    if not isinstance(value, Mapping) or value.get("read") not in kinds:
        shown = value.get("read") if isinstance(value, Mapping) else value
        raise ValueError(f"must be {_ALLOWED}, not {shown!r}.")
    return dict(value)
