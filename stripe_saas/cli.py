"""The console script for people: `stripe-saas sandbox | demo | catalog | …`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

_OF_A_SIGNAL = 128
INTERRUPTED = _OF_A_SIGNAL + 2
"""Exit code of a command that was ended with Ctrl-C, as shells have it."""


@dataclass(frozen=True)
class Command:
    """A sub-command: a module with `add_arguments(parser)` and `run(arguments) -> int`."""

    module: str
    help: str


COMMANDS = {
    "sandbox": Command(
        "stripe_sandbox.command", "serve a stand-in for Stripe with a simulated company"
    ),
    "demo": Command(
        "stripe_saas.demo.command", "read a simulated company and compare with the truth"
    ),
    "sync": Command(
        "stripe_saas.warehouse.command",
        "bring Stripe into a warehouse, and keep it current",
    ),
    "models": Command(
        "stripe_saas.warehouse.models_command", "build the models in a filled warehouse"
    ),
    "report": Command("stripe_saas.report.command", "show a warehouse's models in one HTML file"),
    "close": Command(
        "stripe_saas.close.command", "close a month: keep what was reported of it, for good"
    ),
    "compare": Command(
        "stripe_saas.compare.command",
        "say which named rules make somebody else's MRR differ from ours, client by client",
    ),
    "status": Command(
        "stripe_saas.warehouse.status", "say when a warehouse was synced, and what failed"
    ),
    "key-link": Command(
        "stripe_saas.key_link", "print a link that opens Stripe's form for a key, filled in"
    ),
    "serve": Command(
        "stripe_saas_service.command", "run the service: pages, connections and an API for a team"
    ),
    "service": Command(
        "stripe_saas_service.admin", "print a link for a person or a token for a program"
    ),
    "catalog": Command(
        "stripe_saas.protocol_files.catalog", "make the catalog for read from discover's output"
    ),
    "state": Command(
        "stripe_saas.protocol_files.state", "make the state for the next read from read's output"
    ),
    "verify": Command(
        "stripe_saas.verify.command", "compare what a warehouse holds with Stripe's lists"
    ),
    "derive": Command(
        "stripe_saas.explain.derive", "work out MRR changes from what a sync has read"
    ),
    "explain": Command(
        "stripe_saas.explain.explain", "explain one subscription's MRR, change by change"
    ),
}

EXTRA_OF = {
    "alembic": "service",
    "argon2": "service",
    "cryptography": "service",
    "dbos": "service",
    "fastapi": "service",
    "jinja2": "service",
    "platformdirs": "service",
    "sqlalchemy": "service",
    "stripe": "service",
    "starlette": "sandbox",
    "uvicorn": "sandbox",
    "dbt": "warehouse",
    "duckdb": "warehouse",
    "filelock": "warehouse",
    "psycopg": "warehouse",
    "rich": "warehouse",
}
"""Package that may be missing -> the extra that brings it."""


def main() -> None:
    """Runs what the command line asks for and ends the process with its exit code."""
    leave_pandas_out()
    code = run(sys.argv[1:])
    if code > _OF_A_SIGNAL:
        # What a signal broke off may hold DuckDB's module for good. Its last destructor would then
        # wait for an interpreter that has ended, and so would whoever waits for this process.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


def leave_pandas_out() -> None:
    """Keeps DuckDB from loading pandas, which comes with the CDK, for a process of our own.

    It asks for it at the first parameter of a statement: half a CPU second and 90 MB for nothing,
    since no command hands it a frame.
    """
    sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]


def run(arguments: Sequence[str]) -> int:
    """Runs one command.

    Args:
        arguments: the command line without the program's name.

    Returns:
        The exit code.
    """
    command = _chosen(arguments[:1])
    try:
        # Only now, so that `--help` and a mistyped word need not wait for any command to load.
        module = importlib.import_module(COMMANDS[command].module)
        text = COMMANDS[command].help
        parser = argparse.ArgumentParser(
            prog=f"stripe-saas {command}", description=f"{text[0].upper()}{text[1:]}."
        )
        module.add_arguments(parser)
        return int(module.run(parser.parse_args(list(arguments[1:]))))
    except ModuleNotFoundError as error:
        extra = EXTRA_OF.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        print(
            f"stripe-saas {command} needs {error.name}, which is not installed: "
            f"pip install 'source-stripe-saas[{extra}]'",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _chosen(first: Sequence[str]) -> str:
    """The command's name; ends the process with a usage text if there is none."""
    parser = argparse.ArgumentParser(
        prog="stripe-saas",
        description="Tools around the connector. The connector itself is source-stripe-saas.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.help, add_help=False)
    return str(parser.parse_args(list(first)).command)


if __name__ == "__main__":
    main()
