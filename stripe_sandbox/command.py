"""Command-line arguments in; a sandbox that listens until interrupted out."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stripe_sandbox.server.keys import Key

READY_KEYS = {False: "sk_test_sandbox0000000001", True: "sk_live_sandbox0000000001"}
"""Live mode or not -> a key to begin with; any other of its form opens the account as well."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the sandbox's options to a parser."""
    parser.add_argument("--port", type=int, default=8421, help="0 takes a free one (default: 8421)")
    account = parser.add_argument_group("account")
    account.add_argument("--customers", type=int, default=500, help="default: 500")
    account.add_argument("--months", type=int, default=24, help="the company's age; default: 24")
    account.add_argument("--seed", type=int, default=7, help="same seed, same account; default: 7")
    account.add_argument(
        "--samples",
        action="store_true",
        help="no company, but a dozen or so of everything, made from Stripe's published samples",
    )
    account.add_argument(
        "--traceable",
        action="store_true",
        help="the company only does what the API still shows when events are gone",
    )
    account.add_argument(
        "--habits",
        default="none",
        metavar="NAME,...",
        help="what the company does beside the plain course of things: all, none, or names; "
        "`--habits list` has them (default: none)",
    )
    account.add_argument(
        "--connected",
        type=int,
        default=0,
        metavar="N",
        help="connected accounts, each with a small company of its own (default: 0)",
    )
    account.add_argument("--livemode", action="store_true", help="an account in live mode")
    serving = parser.add_argument_group("serving")
    serving.add_argument("--latency", type=float, default=0, metavar="MS", help="of every reply")
    serving.add_argument("--rate-limit", type=float, metavar="N", help="requests a second")
    serving.add_argument(
        "--endpoint-rate-limit", type=float, metavar="N", help="requests a second to one endpoint"
    )
    serving.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="KEY=PERMISSION,...",
        help="a restricted key and all that it may read",
    )
    serving.add_argument(
        "--deny",
        action="append",
        default=[],
        metavar="KEY=PERMISSION,...",
        help="a restricted key and what it may not read",
    )
    serving.add_argument(
        "--alive",
        type=float,
        default=0,
        metavar="SPEED",
        help="the clock runs by itself, SPEED times as fast as the machine's, and events are "
        "delivered to the endpoints that POST /_sandbox/endpoints names (default: 0, it stands)",
    )
    serving.add_argument(
        "--payment-methods-per-customer",
        action="store_true",
        help="leave the list of payment methods empty unless a customer is named",
    )
    serving.add_argument(
        "--shape",
        action="append",
        default=[],
        metavar="NAME",
        help="something that old or odd accounts have; `--shape list` names what there is",
    )
    faults = parser.add_argument_group("faults")
    faults.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME=RATE",
        help="what goes wrong, and with what share of the requests; `--fault list` names them",
    )
    faults.add_argument("--fault-seed", type=int, default=0, help="same seed, same faults")
    faults.add_argument(
        "--slow-seconds", type=float, default=5, metavar="S", help="of slow bodies and endpoints"
    )
    faults.add_argument(
        "--slow-path", default="/v1/invoices", metavar="PATH", help="default: /v1/invoices"
    )


def run(arguments: argparse.Namespace) -> int:
    """Builds the account, says where it listens and with which key, and serves it.

    Returns:
        The exit code: 0 when interrupted, 1 when it cannot be started.
    """
    from stripe_sandbox.account import AccountKind, open_account
    from stripe_sandbox.company.habits import HABITS, parse_habits
    from stripe_sandbox.faults import KINDS, FaultOptions, parse_rates
    from stripe_sandbox.server import Settings, serve
    from stripe_sandbox.shapes import SHAPES

    if "list" in arguments.fault:
        print("\n".join(f"{name:<22}{meaning}" for name, meaning in KINDS.items()))
        return 0
    if arguments.habits == "list":
        print("\n".join(f"{name:<22}{meaning}" for name, meaning in HABITS.items()))
        return 0
    if "list" in arguments.shape:
        print("\n".join(f"{name:<26}{_first_line(shape)}" for name, shape in SHAPES.items()))
        return 0
    try:
        if not 0 <= arguments.alive < float("inf"):
            raise ValueError("--alive takes a speed of 0 or more")
        unknown = [name for name in arguments.shape if name not in SHAPES]
        if unknown:
            raise ValueError(f"there is no shape '{unknown[0]}'; there are {', '.join(SHAPES)}")
        settings = Settings(
            keys=tuple(_keys(arguments)),
            latency_seconds=arguments.latency / 1000,
            rate_limit=arguments.rate_limit,
            endpoint_rate_limit=arguments.endpoint_rate_limit,
            payment_methods_per_customer=arguments.payment_methods_per_customer,
            shapes=tuple(arguments.shape),
            speed=arguments.alive,
            faults=FaultOptions(
                parse_rates(arguments.fault),
                seed=arguments.fault_seed,
                slow_seconds=arguments.slow_seconds,
                slow_path=arguments.slow_path,
            ),
        )
        options: dict[str, Any] = {
            "livemode": arguments.livemode,
            "connected": arguments.connected,
        }
        if not arguments.samples:
            options |= {
                "customers": arguments.customers,
                "months": arguments.months,
                "traceable": arguments.traceable,
                "habits": parse_habits(arguments.habits),
            }
        kind: AccountKind = "samples" if arguments.samples else "company"
        account = open_account(kind, seed=arguments.seed, **options)
    except ValueError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1

    def announce(url: str) -> None:
        print(f"Stripe sandbox at {url}  key {READY_KEYS[arguments.livemode]}", flush=True)

    try:
        serve(account, arguments.port, settings, announce)
    except KeyboardInterrupt:
        pass
    except (OSError, OverflowError) as error:
        print(f"sandbox: cannot listen on port {arguments.port}: {error}", file=sys.stderr)
        return 1
    return 0


def _first_line(described: object) -> str:
    return (described.__doc__ or "").partition("\n")[0]


def _keys(arguments: argparse.Namespace) -> list[Key]:
    from stripe_sandbox.server.keys import Key, parse_permissions

    keys: dict[str, Key] = {}
    for text, is_denied in [(t, False) for t in arguments.key] + [
        (t, True) for t in arguments.deny
    ]:
        value, separator, names = text.partition("=")
        if not separator or not value:
            raise ValueError(f"'{text}' is not a key with permissions; write KEY=PERMISSION,...")
        if is_denied:
            keys[value] = Key(value, denied=parse_permissions(names))
        else:
            keys[value] = Key(value, permissions=parse_permissions(names))
    return list(keys.values())


def main() -> int:
    """Runs the sandbox from arguments of its own."""
    parser = argparse.ArgumentParser(description="A Stripe stand-in.")
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
