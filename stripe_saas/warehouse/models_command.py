"""`stripe-saas models`: a filled warehouse in; its models built and tested out."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, TextIO

from stripe_saas.progress import ProgressLine
from stripe_saas.warehouse.build import build
from stripe_saas.warehouse.database import WarehouseError, WriterLock, writing
from stripe_saas.warehouse.models import require_dbt, told_problems
from stripe_saas.warehouse.option import add_warehouse_option
from stripe_saas.warehouse.owned_folder import files_for_owner
from stripe_saas.warehouse.stopping import Stopped, StopSignals
from stripe_saas.warehouse.target import Target, TargetError, parse_target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options to a parser."""
    add_warehouse_option(parser, former="--into")
    parser.add_argument(
        "--full",
        action="store_true",
        help="build and test everything anew, the tables of seeds dropped first",
    )
    add_model_arguments(parser)


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that concern the models alone."""
    parser.add_argument(
        "--vars",
        type=variables_of,
        default={},
        metavar="JSON",
        help='variables of the dbt project, such as \'{"reporting_currency": "eur"}\'',
    )


def run(arguments: argparse.Namespace) -> int:
    """Builds the models.

    Returns:
        0 if every model was built and every test passed, else 1; 128 and the signal's number if
        one ended it.
    """
    try:
        target = parse_target(arguments.warehouse)
        require_dbt()
        if target.kind == "duckdb" and not target.path.exists():
            raise WarehouseError(f"there is no file {target.path}.")
        with StopSignals().heeded(), files_for_owner(), writing(target) as lock:
            return 0 if build_and_tell(target, arguments, sys.stdout, lock) else 1
    except Stopped as stopped:
        print("Stopped. The models are not all built.", file=sys.stderr)
        return stopped.exit_code
    except (TargetError, WarehouseError) as error:
        print(f"models: {error}", file=sys.stderr)
        return 1


def build_and_tell(
    target: Target,
    arguments: argparse.Namespace,
    out: TextIO,
    lock: WriterLock | None = None,
) -> bool:
    """Brings the models up to date and says how it went; True if all is well.

    Args:
        target: the warehouse.
        arguments: with `vars` and `full`.
        out: where it is told.
        lock: the right to write.

    Raises:
        WarehouseError: the warehouse cannot be reached.
    """
    with ProgressLine(out, "Models:") as progress:

        def watch(done: int, total: int) -> None:
            progress.update(f"{done} of {total} built")

        result = build(
            target, variables=arguments.vars, is_full=arguments.full, lock=lock, watch=watch
        )
    how = result.how if result.is_good else "NOT all well"
    print(f"Models: {how}, {result.done} steps in {result.seconds:.1f} s.", file=out)
    for line in told_problems(result):
        print(line, file=out)
    out.flush()
    return result.is_good


def variables_of(text: str) -> dict[str, Any]:
    """A JSON object as dbt variables.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError(f"{text!r} is no JSON object")
    return found
