"""`stripe-saas compare`: their number, ours, and which named rule makes the difference."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timezone
from pathlib import Path

from source_stripe_saas.config.settings import ConfigError
from source_stripe_saas.mrr.currency import currency_exponent
from source_stripe_saas.protocol.arguments import InputError, load_config
from stripe_saas.close.month import CloseError, parse_month
from stripe_saas.compare.gathering import Warehouse
from stripe_saas.compare.rules import (
    PRESETS,
    CompareError,
    Rules,
    Step,
    rules_from,
    steps_between,
)
from stripe_saas.compare.shares import Difference, Key, differences
from stripe_saas.compare.their_export import Reading, read_export
from stripe_saas.warehouse.database import WarehouseError, connected
from stripe_saas.warehouse.option import add_warehouse_option
from stripe_saas.warehouse.target import TargetError, parse_target

REST = 3
"""Exit code if something is not explained."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options to a parser."""
    parser.add_argument(
        "--with",
        dest="other",
        required=True,
        metavar="WHOM",
        help=f"{', '.join(PRESETS)}, whose published rules are applied, or a CSV file of theirs",
    )
    parser.add_argument("--month", required=True, metavar="MONTH", help="such as 2026-10")
    add_warehouse_option(parser)
    parser.add_argument(
        "--config", metavar="FILE", help="the connector's config, if its block `mrr` says anything"
    )
    parser.add_argument(
        "--rules",
        choices=sorted(PRESETS),
        help="of a file: whose rules made it (default: stripe)",
    )
    parser.add_argument(
        "--rule",
        action="append",
        default=[],
        metavar="NAME=SETTING",
        help="one of their rules by hand, such as taxes=include",
    )
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="FIELD=COLUMN",
        help="of a file: which column is client, currency, month, mrr, change or at",
    )
    parser.add_argument("--currency", metavar="CODE", help="of a file that names none, such as usd")
    parser.add_argument(
        "--minor", action="store_true", help="amounts of the file are cents already"
    )
    parser.add_argument(
        "--timezone", default="UTC", metavar="NAME", help="in which the month ends (default: UTC)"
    )
    parser.add_argument(
        "--clients",
        type=int,
        default=20,
        metavar="N",
        help="how many clients are shown (default: 20; 0 for all)",
    )
    parser.add_argument(
        "--json", metavar="FILE", help="write every client's shares, in minor units, as JSON"
    )


def run(arguments: argparse.Namespace) -> int:
    """Compares.

    Returns:
        0 if the named rules explain all; 3 if something is left; 1 if it was refused.
    """
    try:
        found, steps, about = _compared(arguments)
        if arguments.json:
            text = json.dumps([_plain(one) for one in found], indent=1)
            Path(arguments.json).write_text(text + "\n", encoding="utf-8")
    except (CompareError, CloseError, ConfigError, TargetError, WarehouseError) as error:
        print(f"compare: {error}", file=sys.stderr)
        return 1
    except InputError as error:
        print(f"compare: {error}", file=sys.stderr)
        return 1
    except (OSError, UnicodeDecodeError) as error:
        print(f"compare: {error}", file=sys.stderr)
        return 1
    for line in [*about, *report(found, steps, arguments.clients)]:
        print(line)
    return REST if any(one.rest_minor for one in found) else 0


def _compared(
    arguments: argparse.Namespace,
) -> tuple[list[Difference], list[Step], list[str]]:
    month = parse_month(arguments.month)
    ends_at = int(month.ended_at(arguments.timezone).replace(tzinfo=timezone.utc).timestamp())
    is_file = arguments.other not in PRESETS
    if not is_file and (arguments.rules or arguments.column):
        raise CompareError("--rules and --column belong to a file.")
    preset = (arguments.rules or "stripe") if is_file else arguments.other
    theirs = rules_from(preset, _pairs("--rule", arguments.rule))
    ours = _ours(arguments.config)
    steps = steps_between(ours, theirs)
    about = []
    exported: dict[Key, int] | None = None
    if is_file:
        reading = Reading(str(month), ends_at, arguments.currency, arguments.minor)
        with open(arguments.other, encoding="utf-8-sig", newline="") as file:
            exported, what = read_export(file, reading, _pairs("--column", arguments.column))
        about.append(f"Read: {what}.")
    target = parse_target(arguments.warehouse)
    with connected(target, read_only=True) as database:
        warehouse = Warehouse(database, ends_at)
        _require_options(warehouse, ours)
        ledger = warehouse.ours()
        clients = _clients(ledger, exported)
        totals: list[dict[Key, int]] = [{} for _ in range(len(steps) + 1)]
        for evidence in warehouse.evidence(clients):
            for total, rules in zip(totals, [ours, *(step.rules for step in steps)], strict=True):
                total.update(evidence.counted(rules))
    if not warehouse.has_events:
        about.append("The stream events is not in the warehouse: the past is that of invoices.")
    counted = list(zip(["", *(step.name for step in steps)], totals, strict=True))
    if exported is None:
        # Their rules on what the ledger knows: where the evidence says less, both lack the same.
        exported = {
            key: ledger.get(key, 0) + totals[-1].get(key, 0) - totals[0].get(key, 0)
            for key in ledger.keys() | totals[-1].keys()
        }
    return differences(ledger, exported, counted), steps, about


def _clients(ledger: Mapping[Key, int], exported: Mapping[Key, int] | None) -> set[str]:
    """Whose MRR is worked out again: of a file, only where it differs."""
    if exported is None:
        return {client for client, _ in ledger}
    return {
        key[0]
        for key in ledger.keys() | exported.keys()
        if ledger.get(key, 0) != exported.get(key, 0)
    }


def _ours(config: str | None) -> Rules:
    block = (load_config(config).get("mrr") or {}) if config else {}
    if not isinstance(block, Mapping):
        raise CompareError("mrr: must be an object.")
    known = ("switch_window_hours", "fx_mode", "reporting_timezone", "preset")
    settings = {name: value for name, value in block.items() if name not in known}
    return rules_from(block.get("preset"), settings)


def _require_options(warehouse: Warehouse, ours: Rules) -> None:
    if warehouse.fingerprints - {ours.options.fingerprint}:
        raise CompareError(
            "the ledger was made with other options than these: give the config that it was "
            "synced with, by --config."
        )


def _pairs(option: str, given: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not value:
            raise CompareError(f"{option} {text}: write it as NAME=VALUE.")
        found[name.strip()] = value.strip()
    return found


def report(found: Sequence[Difference], steps: Sequence[Step], clients: int) -> list[str]:
    """The lines of a report.

    Args:
        found: the clients that differ.
        steps: the rules that do.
        clients: how many are shown one by one; 0 for all.
    """
    lines = []
    for currency in sorted({one.currency for one in found}):
        ours = sum(one.ours_minor for one in found if one.currency == currency)
        theirs = sum(one.theirs_minor for one in found if one.currency == currency)
        lines.append(f"{currency.upper()}, of the clients that differ")
        lines.append(_line("ours", ours, currency))
        for step in steps:
            shares = [
                one.shares_minor[step.name]
                for one in found
                if one.currency == currency and step.name in one.shares_minor
            ]
            if shares:
                name = f"{step.title} ({step.name}: {step.ours} -> {step.theirs})"
                lines.append(
                    _line(name, sum(shares), currency, f"{len(shares)} clients", signed=True)
                )
        rests = [one.rest_minor for one in found if one.currency == currency and one.rest_minor]
        lines.append(
            _line("not explained", sum(rests), currency, f"{len(rests)} clients", signed=True)
        )
        lines.append(_line("theirs", theirs, currency))
    shown = found[:clients] if clients else found
    if shown:
        lines.append("Client by client, in the currency's main unit a month:")
    lines += [_client_line(one) for one in shown]
    if len(shown) < len(found):
        lines.append(f"… and {len(found) - len(shown)} more; --clients 0 or --json has all.")
    rests_of = Counter(bool(one.rest_minor) for one in found)
    lines.append(
        f"{len(found)} clients differ, {rests_of[True]} of them with something not explained."
    )
    return lines


def _line(name: str, minor: int, currency: str, more: str = "", *, signed: bool = False) -> str:
    return f"  {_money(minor, currency, signed=signed):>16}  {name}{f'; {more}' if more else ''}"


def _client_line(one: Difference) -> str:
    shares = [
        f"{name} {_money(minor, one.currency, signed=True)}"
        for name, minor in one.shares_minor.items()
    ]
    if one.rest_minor:
        shares.append(f"not explained {_money(one.rest_minor, one.currency, signed=True)}")
    ours, theirs = (_money(each, one.currency) for each in (one.ours_minor, one.theirs_minor))
    return f"  {one.client} {one.currency}: {ours} -> {theirs}: {', '.join(shares)}"


def _money(minor: int, currency: str, *, signed: bool = False) -> str:
    decimals = currency_exponent(currency)
    whole, part = divmod(abs(minor), 10**decimals)
    sign = "-" if minor < 0 else "+" if signed and minor else ""
    return f"{sign}{whole:,}" + (f".{part:0{decimals}d}" if decimals else "")


def _plain(one: Difference) -> dict[str, object]:
    return {
        "client": one.client,
        "currency": one.currency,
        "ours_minor": one.ours_minor,
        "shares_minor": dict(one.shares_minor),
        "not_explained_minor": one.rest_minor,
        "theirs_minor": one.theirs_minor,
    }
