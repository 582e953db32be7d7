"""`stripe-saas key-link`: chosen streams in, a link to Stripe's form for their key out."""

from __future__ import annotations

import argparse
import sys

from source_stripe_saas.connection.key_link import KEY_NAME, key_link, permissions_of
from source_stripe_saas.streams.plans import load_plans


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to a parser."""
    parser.add_argument("streams", nargs="*", metavar="STREAM", help="default: all of them")
    parser.add_argument(
        "--name", default=KEY_NAME, help=f"the key's name in the dashboard (default: {KEY_NAME})"
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints the link.

    Returns:
        0, or 1 if there is no stream of one of the names.
    """
    plans = load_plans()
    unknown = [name for name in arguments.streams if name not in plans]
    if unknown:
        print(
            f"key-link: there is no stream {unknown[0]!r}; there are {', '.join(plans)}",
            file=sys.stderr,
        )
        return 1
    print(key_link(permissions_of(plans, arguments.streams or plans), arguments.name))
    return 0
