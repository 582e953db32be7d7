"""`stripe-saas explain sub_…`: a subscription's ledger for a person, with its arithmetic."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.refusal import NotFound, PermissionRefused, StripeError
from source_stripe_saas.api.trust import TrustError
from source_stripe_saas.config.settings import ConfigError, Settings, parse_settings
from source_stripe_saas.connection import errors
from source_stripe_saas.connection.account import AccountRefused, access_of, open_account
from source_stripe_saas.connection.accounts import find_accounts
from source_stripe_saas.connection.causes import advice_for
from source_stripe_saas.mrr import (
    EXACT_COLUMN,
    InputError,
    OptionError,
    Options,
    derive,
    options_from,
)
from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.standing import Standing
from source_stripe_saas.privacy.redaction import Redaction
from source_stripe_saas.protocol.arguments import load_config
from stripe_saas.explain.arithmetic import calculation, discounts_named, money
from stripe_saas.explain.gathering import Gathering
from stripe_saas.explain.wording import billing_of, what_happened, where_from
from stripe_saas.several_accounts import account_settings, accounts_asked

Row = dict[str, Any]
# Rows at which nothing but money moves: their arithmetic is that of the row before.
_PAYMENTS = frozenset({"first_payment", "renewed", "payment_failed", "payment_recovered"})
_SUBSCRIPTION = re.compile(r"sub_[A-Za-z0-9_]+")  # it becomes part of an address


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("subscription", metavar="SUBSCRIPTION", help="its id, sub_…")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--config", metavar="FILE", help="the connector's config: reads from Stripe"
    )
    source.add_argument(
        "--input", metavar="FILE", help="a file as `derive` takes it; makes no request"
    )
    parser.add_argument(
        "--account", metavar="ACCOUNT", help="acct_…: which account of a config that has several"
    )
    parser.add_argument(
        "--save", metavar="FILE", help="write what was read, as `derive` and --input take it"
    )
    parser.add_argument(
        "--without-events",
        action="store_true",
        help="do not look through the account's events; everything is rebuilt from invoices",
    )


def run(args: argparse.Namespace) -> int:
    """Prints the ledger; whatever is wrong is one line on standard error and exit code 1."""
    try:
        document = _read(args.input) if args.input else _asked(args)
        if args.save:
            Path(args.save).write_text(json.dumps(document, indent=1, default=str), "utf-8")
        text = explained(document, args.subscription)
    except _Failure as failure:
        return _fail(str(failure))
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}")
    except (InputError, OptionError) as error:
        return _fail(f"{args.input or 'what Stripe sent'}: {error}")
    print(text)
    return 0


class _Failure(Exception):
    """An error whose text is printed for the user."""


def explained(document: Mapping[str, Any], subscription_id: str) -> str:
    """The ledger of one subscription as text.

    Args:
        document: as `derive` takes it.
        subscription_id: whose rows to show.

    Raises:
        InputError: the document cannot be read.
        _Failure: it says nothing about this subscription.
    """
    options = options_from(document.get("options") or {})
    blocks: list[tuple[Row, str]] = []
    last: list[tuple[Row, Standing]] = []
    paid = False

    def note(row: Row, before: Standing, after: Standing, book: Book) -> None:
        nonlocal paid
        if row["subscription_id"] != subscription_id:
            return
        paid = paid or row["event_type"] == "first_payment"
        blocks.append((row, _block(row, before, after, book, options, paid)))
        last[:] = [(row, after)]

    derive(document, note)
    if not last:
        raise _Failure(f"{subscription_id}: there is no row of it up to {document.get('now')}")
    row, standing = last[0]
    currency = row["currency"]
    head = (
        f"{subscription_id} of customer {row['customer_id']}, "
        f"{currency.upper()} a month, status {standing.status}"
    )
    now = f"MRR at {document['now']}: {money(row['mrr_after'], currency)} {currency.upper()}"
    # What is rebuilt is held against its invoices when all of it is there (M61).
    shown = [text + _billing(of) for of, text in blocks]
    return "\n\n".join([head, *shown, f"{now}, the sum of {len(blocks)} rows."])


def _billing(row: Row) -> str:
    return f"\n      Billing: {billing_of(row)}." if row["billing_check"] else ""


def _block(
    row: Row, before: Standing, after: Standing, book: Book, options: Options, paid: bool
) -> str:
    currency = row["currency"]
    at = row["occurred_at"].replace("T", " ").rstrip("Z")
    change = row["mrr_delta"]
    move = f"{money(row['mrr_before'], currency)} → {money(row['mrr_after'], currency)}"
    if change:
        move += f"  ({'+' if change > 0 else ''}{money(change, currency)}, {row['movement']})"
    exact = Fraction(row[EXACT_COLUMN])
    lines = [
        f"{row['sequence']:>4}  {at}  {row['event_type']}",
        f"{what_happened(row, before, after, book)}.",
        f"MRR {move}",
    ]
    if change or row["event_type"] not in _PAYMENTS:
        lines.append(f"= {calculation(after, book, options, paid, exact)}")
    lines.append(f"Known: {where_from(row)}.")
    if row["is_estimated"]:
        named = {found for one in (before, after) for found in discounts_named(one)}
        guessed = ", ".join(sorted(found for found in named if book.is_estimated(found)))
        lines.append(
            f"Estimated: the coupon of {guessed} has been deleted; its terms are worked back from "
            "what it took off invoices."
        )
    return "\n      ".join(lines)


def _read(path: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
        # Decimals keep their text: 12.1 percent is 121/1000, not a binary neighbour.
        document = json.loads(text, parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise _Failure(f"{path}: is not UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise _Failure(f"{path}: is not JSON (line {error.lineno}, {error.msg})") from error
    if not isinstance(document, dict):
        raise _Failure(f"{path}: is not a JSON object")
    return document


def _asked(args: argparse.Namespace) -> dict[str, Any]:
    """Everything Stripe has about the subscription."""
    if not _SUBSCRIPTION.fullmatch(args.subscription):
        raise _Failure(f"{args.subscription}: the id of a subscription looks like sub_1Qx2y3B7kLmW")
    try:
        config = load_config("/dev/stdin" if args.config == "-" else args.config)
        settings = parse_settings(config)
        client = StripeClient(access_of(settings), attempts=4)
        open_account(client, _one_account(client, settings, args.account))
        document = Gathering(client).gather(
            args.subscription, config.get("mrr") or {}, with_events=not args.without_events
        )
        # What is saved is output like any other; the rules read nothing that is personal.
        policy = settings.privacy
        return document if policy.is_idle else Redaction(policy).redacted(document)
    except (ConfigError, TrustError) as error:
        raise _Failure(str(error)) from error
    except AccountRefused as error:
        refused = errors.refused_account(error.account_id, error.refused)
        raise _Failure(str(refused.message)) from error
    except NotFound as error:
        raise _Failure(
            f"{args.subscription}: the account has no such subscription. A test key sees only test "
            f"data, a live key only live data (Stripe said: {error.message})"
        ) from error
    except PermissionRefused as error:
        advice = advice_for(error, "subscription_read")
        problem = f"The API key cannot read {error.path}: "
        if advice.box is not None:
            raise _Failure(f"{problem}tick {advice.box}") from error
        raise _Failure(f"{problem}{error.message} {advice.means} {advice.do}") from error
    except StripeError as error:
        raise _Failure(str(errors.refused_at_start(error).message)) from error


def _one_account(client: StripeClient, settings: Settings, asked: str | None) -> Settings:
    """The settings, of several accounts for the one that was asked for."""
    if settings.accounts is None:
        if asked is not None:
            raise ConfigError("accounts", "is missing: `--account` chooses one of several.")
        return settings
    if asked is None:
        raise ConfigError("accounts", "names several accounts: choose one by `--account acct_…`.")
    accounts_asked(find_accounts(client, settings.accounts).ids, asked)
    return account_settings(settings, asked)


def _fail(message: str) -> int:
    print(f"explain: {message}", file=sys.stderr)
    return 1
