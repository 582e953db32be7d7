"""`stripe-saas derive`: a file of Stripe objects in, one ledger row a line out."""

import argparse
import json
import sys
from decimal import Decimal
from pathlib import Path

from source_stripe_saas.mrr import derive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "--input",
        required=True,
        metavar="FILE",
        help="JSON file of prices, coupons, discounts, subscriptions, invoices, invoiceitems, "
        "events, snapshots, horizon, now and options; - reads standard input",
    )


def run(args: argparse.Namespace) -> int:
    """Prints the rows in ledger order; bad input is one line on standard error and exit code 1."""
    try:
        text = sys.stdin.read() if args.input == "-" else Path(args.input).read_text("utf-8")
        # Decimals keep their text: 12.1 percent is 121/1000, not a binary neighbour.
        rows = derive(json.loads(text, parse_float=Decimal))
    except OSError as error:
        return _fail(f"{args.input}: {error.strerror}")
    except UnicodeDecodeError:
        return _fail(f"{args.input}: is not UTF-8 text")
    except json.JSONDecodeError as error:
        return _fail(f"{args.input}: is not JSON (line {error.lineno}, {error.msg})")
    except ValueError as error:  # an InputError, or a number of thousands of digits
        return _fail(f"{args.input}: {error}")
    for row in rows:
        print(json.dumps(row, ensure_ascii=False, separators=(", ", ": ")))
    return 0


def _fail(message: str) -> int:
    print(f"derive: {message}", file=sys.stderr)
    return 1
