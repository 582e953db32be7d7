"""`stripe-saas demo`: a simulated company in; its MRR in a report, or its ids, compared, out."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

from stripe_saas.demo.ids import compare_ids
from stripe_saas.demo.progress import phase
from stripe_saas.demo.reads import DemoError
from stripe_saas.demo.sandbox_process import SandboxError, running_sandbox_process
from stripe_saas.demo.story import Story
from stripe_saas.protocol_files.messages import NotMessages

_DAYS = 7
DEFAULT_FOLDER = Path(".demo")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the demo's options to a parser."""
    parser.add_argument("--customers", type=int, default=500, help="default: 500")
    parser.add_argument("--months", type=int, default=24, help="the company's age; default: 24")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same company; default: 7")
    parser.add_argument(
        "--ids",
        action="store_true",
        help="instead of a warehouse and a report: read all streams by the protocol's own commands "
        "and compare every id",
    )
    parser.add_argument(
        "--samples",
        action="store_true",
        help="with --ids: no company, but a dozen or so of everything, made from Stripe's samples",
    )
    parser.add_argument(
        "--unpaced",
        action="store_true",
        help="send requests as fast as the sandbox answers, beyond the limits that Stripe sets",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        default=DEFAULT_FOLDER,
        metavar="DIR",
        help=f"where config, warehouse and report stay (default: {DEFAULT_FOLDER})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the demo.

    Returns:
        0 if everything equals the sandbox's truth, else 1.
    """
    out = sys.stdout
    wants_ids = arguments.ids or arguments.samples
    try:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        with ExitStack() as running:
            with phase(out, "sandbox") as starting:
                starting.update("building the account")
                options = sandbox_options(arguments, is_traceable=not wants_ids)
                sandbox = running.enter_context(running_sandbox_process(options))
                starting.result = sandbox.url
            is_paced = not arguments.unpaced
            if wants_ids:
                is_good = compare_ids(sandbox, arguments.keep, out, days=_DAYS, is_paced=is_paced)
            else:
                story = Story(sandbox, arguments.keep, out, is_paced=is_paced)
                is_good = not story.tell(_DAYS).problems
    except (DemoError, SandboxError, NotMessages, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0 if is_good else 1


def sandbox_options(arguments: argparse.Namespace, *, is_traceable: bool) -> list[str]:
    """The sandbox's command line.

    Args:
        arguments: the demo's.
        is_traceable: whether the company does only what Stripe's API still shows when the events
            of it are gone; otherwise its MRR of that time could not be known exactly.
    """
    # In live mode Stripe allows four times as many requests as in test mode.
    options = ["--livemode", "--seed", str(arguments.seed)]
    if arguments.samples:
        return [*options, "--samples"]
    options += ["--customers", str(arguments.customers), "--months", str(arguments.months)]
    return [*options, "--traceable"] if is_traceable else options
