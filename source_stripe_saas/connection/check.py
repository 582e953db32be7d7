"""Settings -> whether a sync would work, and if not, what to change."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from source_stripe_saas.api.address import NoAddress, endpoint_of, fill_path
from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.raw_object import StripeObject
from source_stripe_saas.api.refusal import PermissionRefused, StripeError
from source_stripe_saas.api.trust import remarks
from source_stripe_saas.config import resources
from source_stripe_saas.config.settings import ConfigError, Settings
from source_stripe_saas.connection import errors
from source_stripe_saas.connection.account import Account, AccountRefused, access_of, open_account
from source_stripe_saas.connection.accounts import FoundAccounts, find_accounts
from source_stripe_saas.connection.causes import advice_for
from source_stripe_saas.connection.key_link import key_link, permissions_of
from source_stripe_saas.connection.oauth import tokens_of
from source_stripe_saas.streams.plan import StreamPlan

_PROBES_AT_A_TIME = 8

_ATTEMPTS = 4
"""The retry budget: a person is waiting, and four attempts show whether the network is down."""

_ACCOUNTS_TRIED = 5
"""Of several accounts; the others may be hundreds, and a person is waiting."""


@dataclass(frozen=True)
class CheckReport:
    """The result, one text that explains it, and what was found for whoever asks further."""

    is_good: bool
    text: str
    account: Account | None = None
    """None if Stripe lets nobody in, or the config could not be used."""
    readable: tuple[str, ...] = ()
    """Streams that the key can read."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Stream that it cannot read -> why, and what to do."""


@dataclass
class _Findings:
    readable: list[str] = field(default_factory=list)
    refused: dict[str, StripeError] = field(default_factory=dict)
    """Stream -> why it cannot be read."""


def check_connection(
    settings: Settings, plans: Mapping[str, StreamPlan], logger: logging.Logger
) -> CheckReport:
    """Requests one object of each list, and reports which could not be read.

    Args:
        settings: the checked config.
        plans: all streams.
        logger: gets a warning for each stream that cannot be read but need not be.
    """
    insisted = settings.check_streams
    if insisted is None:
        insisted = resources.manifest()["check"]["stream_names"]
    unknown = [name for name in insisted if name not in plans]
    if unknown:
        return CheckReport(
            False, f"Config field `check_streams` names an unknown stream: {unknown[0]!r}."
        )
    access = access_of(settings, tokens_of(settings))
    for remark in remarks(access):
        logger.info(remark)
    client = StripeClient(access, attempts=_ATTEMPTS)
    several = ""
    try:
        if settings.accounts is not None:
            found = find_accounts(client, settings.accounts)
            unreadable = _unreadable(found, settings, [plans[name] for name in insisted])
            if unreadable and (settings.accounts.ids or len(unreadable) == len(found.ids)):
                return CheckReport(False, f"{_said_of(found, unreadable)} {_NAMED_ACCOUNTS}")
            several = f" {_said_of(found, unreadable)}"
            first = next(account for account in found.ids if account not in unreadable)
            settings = replace(settings, account_id=first, accounts=None)
        account = open_account(client, settings)
    except AccountRefused as error:
        return CheckReport(
            False, str(errors.refused_account(error.account_id, error.refused).message)
        )
    except ConfigError as error:
        return CheckReport(False, str(error))
    except StripeError as error:
        return CheckReport(False, str(errors.refused_at_start(error).message))
    findings = _probe(client, plans)
    missing = [name for name in insisted if name in findings.refused]
    warnings = {name: _warning(plans[name], why) for name, why in findings.refused.items()}
    for name, warning in warnings.items():
        if name not in missing:
            logger.warning(warning)
    if missing:
        text = _refusal_text(missing, plans, findings)
    else:
        text = _success_text(account, settings, findings) + several
    return CheckReport(not missing, text, account, tuple(findings.readable), warnings)


def _unreadable(
    found: FoundAccounts, settings: Settings, plans: Iterable[StreamPlan]
) -> dict[str, str]:
    """Tries some of several accounts: account -> why it cannot be read.

    Args:
        found: the accounts.
        settings: the checked config.
        plans: streams that must be readable.
    """
    unreadable = {}
    for account in found.ids[:_ACCOUNTS_TRIED]:
        client = StripeClient(access_of(settings), attempts=_ATTEMPTS)
        try:
            open_account(client, replace(settings, account_id=account, accounts=None), found.own)
        except AccountRefused as error:
            unreadable[account] = error.refused.message
            continue
        refused = _probe(client, {plan.name: plan for plan in plans}).refused
        if refused:
            name, why = next(iter(refused.items()))
            unreadable[account] = f"{name}: {why.message}"
    return unreadable


def _said_of(found: FoundAccounts, unreadable: Mapping[str, str]) -> str:
    total, tried = len(found.ids), min(len(found.ids), _ACCOUNTS_TRIED)
    text = f"Accounts: {total}. Tried: {tried}. Readable of these: {tried - len(unreadable)}."
    for account, why in unreadable.items():
        text += f" {account}: {why.rstrip('.')}."
    return text


_NAMED_ACCOUNTS = (
    "Use a key of the platform that they are connected to, or of their organization, or leave them "
    "out of `accounts`."
)


def _probe(client: StripeClient, plans: Mapping[str, StreamPlan]) -> _Findings:
    """One request for each list; child streams share their parent's.

    Streams that ask parent by parent are tried with the parent that the list shows first.
    """
    groups: dict[str, list[StreamPlan]] = {}
    for plan in plans.values():
        groups.setdefault((plan.parent or plan).path, []).append(plan)

    def ask(group: list[StreamPlan]) -> dict[str, StripeError]:
        source = group[0].parent or group[0]
        params = [] if source.single else [("limit", "1"), *source.params]
        try:
            body = client.get(source.path, params).body
        except StripeError as error:
            return {plan.name: error for plan in group}
        shown = [body] if source.single else body.get("data") or []
        asked = {
            plan.name: _refusal_of_children(client, plan, row) for plan in group for row in shown
        }
        return {name: error for name, error in asked.items() if error is not None}

    findings = _Findings()
    with ThreadPoolExecutor(_PROBES_AT_A_TIME) as pool:
        for group, refused in zip(groups.values(), pool.map(ask, groups.values()), strict=True):
            findings.readable += [plan.name for plan in group if plan.name not in refused]
            findings.refused |= refused
    for plan in plans.values():
        for carrier in plan.carriers:
            # Its records lie in that stream's objects.
            error = findings.refused.get(carrier.carrier)
            if error is not None and plan.name in findings.readable:
                findings.readable.remove(plan.name)
                findings.refused[plan.name] = error
    return findings


def _refusal_of_children(
    client: StripeClient, plan: StreamPlan, parent: StripeObject
) -> PermissionRefused | None:
    """The permission that the nested list of a parent needs and the key lacks; None if none is.

    Any other refusal may be about this one parent: a sync skips it, and names it.
    """
    if plan.call is None:
        return None
    path, _, query = plan.call.partition("?")
    try:
        params = [("limit", "1"), *parse_qsl(fill_path(query, parent))]
        client.get(fill_path(path, parent), params, endpoint=endpoint_of(path))
    except PermissionRefused as error:
        return error if error.permission is not None else None
    except (NoAddress, StripeError):
        return None
    return None


def _refusal_text(
    names: Iterable[str], plans: Mapping[str, StreamPlan], findings: _Findings
) -> str:
    boxes, others = [], []
    for name in names:
        error = findings.refused[name]
        advice = advice_for(error, plans[name].permission)
        if advice.box is not None:
            boxes.append(f"{name}: tick {advice.box}")
        else:
            others.append(f"{name}: {error.message.rstrip('.')}. {advice.means} {advice.do}")
    parts = ["This key cannot read everything that is needed."]
    if boxes:
        link = key_link(permissions_of(plans, [*names, *findings.readable]))
        parts.append(
            "In the Stripe dashboard, open the restricted key and allow: "
            f"{'; '.join(boxes)}. Or create one that may read these streams too: {link} ."
        )
    if others:
        parts.append("Stripe refused " + " ".join(others))
    parts.append(
        "(If the key is meant to see less, list the streams that matter in `check_streams`.)"
    )
    return " ".join(parts)


def _warning(plan: StreamPlan, error: StripeError) -> str:
    advice = advice_for(error, plan.permission)
    if advice.box is not None:
        return f"Stream {plan.name} cannot be read with this key; to read it, tick {advice.box}."
    said = error.message.rstrip(".")
    return f"Stream {plan.name} cannot be read: {said}. {advice.means} {advice.do}"


def _success_text(account: Account, settings: Settings, findings: _Findings) -> str:
    who = account.id or "an account that the key may not name"
    if account.name:
        who += f" ({account.name})"
    mode = "mode unknown" if settings.key_mode == "unknown" else f"{settings.key_mode} mode"
    total = len(findings.readable) + len(findings.refused)
    text = f"Connected to {who}, {mode}: {len(findings.readable)} of {total} streams are readable."
    if findings.refused:
        text += " Not readable: " + ", ".join(findings.refused) + "."
    return text
