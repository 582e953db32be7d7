"""The command-line option that names the warehouse, the same in every command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from stripe_saas.warehouse.places import DEFAULT_WAREHOUSE


def add_warehouse_option(parser: argparse.ArgumentParser, former: str | None = None) -> None:
    """Adds `--warehouse ADDRESS`; the value is `warehouse` in the parsed arguments.

    Args:
        parser: of a command.
        former: the option's name before, if it had one; still accepted, with a note on standard
            error.
    """
    parser.add_argument(
        "--warehouse",
        default=DEFAULT_WAREHOUSE,
        metavar="ADDRESS",
        help="duckdb:///path or postgres://user:password@host/database "
        f"(default: {DEFAULT_WAREHOUSE}; a password may be in PGPASSWORD)",
    )
    if former is not None:
        parser.add_argument(
            former,
            dest="warehouse",
            action=_Former,
            default=argparse.SUPPRESS,
            help=argparse.SUPPRESS,
        )


class _Former(argparse.Action):
    """An option's former name."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        print(f"{option_string} is called --warehouse now.", file=sys.stderr)
        setattr(namespace, self.dest, values)
