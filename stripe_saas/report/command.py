"""`stripe-saas report`: a warehouse in; one HTML file, complete in itself, out."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from pathlib import Path

from stripe_saas.report.data import NoModels, report_data
from stripe_saas.report.page import page_of
from stripe_saas.report.sections import Models
from stripe_saas.warehouse.build_log import failed_build
from stripe_saas.warehouse.database import WarehouseError, connected
from stripe_saas.warehouse.option import add_warehouse_option
from stripe_saas.warehouse.places import MODELS_SCHEMA
from stripe_saas.warehouse.target import TargetError, parse_target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options to a parser."""
    add_warehouse_option(parser, former="--from")
    parser.add_argument(
        "--schema",
        default=MODELS_SCHEMA,
        metavar="NAME",
        help=f"where dbt built the marts (default: {MODELS_SCHEMA})",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("report.html"), help="default: report.html"
    )
    parser.add_argument("--open", action="store_true", help="show it in a browser")
    parser.add_argument(
        "--emails", action="store_true", help="show customers' e-mail addresses in it"
    )


def run(arguments: argparse.Namespace) -> int:
    """Writes the report.

    Returns:
        0; 1 if the warehouse holds nothing to report on, or the last build of the models failed.
    """
    try:
        if not arguments.schema.isidentifier():
            raise TargetError(f"{arguments.schema!r} is not a valid name of a schema.")
        target = parse_target(arguments.warehouse)
        with connected(target, read_only=True) as database:
            models = Models(database, arguments.schema)
            data = report_data(models, with_emails=arguments.emails)
            problem = failed_build(database)
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(page_of(data), encoding="utf-8")
    except (NoModels, TargetError, WarehouseError, OSError) as error:
        print(f"report: {error}", file=sys.stderr)
        return 1
    size = arguments.out.stat().st_size / 1_000_000
    print(f"Report: {arguments.out} ({size:.1f} MB), as of {data['as_of']} UTC.")
    if arguments.open:
        webbrowser.open(arguments.out.absolute().as_uri())
    if problem is not None:
        print(f"report: the last build of the models failed: {problem}", file=sys.stderr)
        return 1
    return 0
