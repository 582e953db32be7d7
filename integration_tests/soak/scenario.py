"""A seed -> an account, and what happens to it and to its syncs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from integration_tests.connector import MAIN_STREAMS
from integration_tests.soak.ledger import LEDGER
from integration_tests.soak.running import NEVER, Kill
from stripe_sandbox.account import AccountKind
from stripe_sandbox.company.habits import HABITS
from stripe_sandbox.faults.kinds import OBJECTS, PASSING

HOUR, DAY = 3_600, 86_400

OBJECT_STREAMS = (
    *MAIN_STREAMS,
    "subscription_items",  # embedded in their parents
    "invoice_items",
    "invoice_line_items",
    "products",
    "prices",  # two lists
    "coupons",  # ids that need escaping
    "promotion_codes",
    "quotes",  # no windows
    "payment_methods",
    "balance_transactions",  # no feed
    "payout_balance_transactions",  # a request a parent
    "shipping_rates",  # always in full
    "events",
)
"""One stream at least of every way of reading objects."""

STREAMS = (*OBJECT_STREAMS, LEDGER)

_RATES = (0.02, 0.1, 0.1, 0.3)
_SHARES = (0.1, 0.3, 0.6)
"""Of the objects that refuse."""

_UNTOLD = ("unsent_events", "charge_refunded_alone")
_ATTEMPTS = (3, 5)
_ATTEMPTS_SHORT = (2, 3)


@dataclass(frozen=True)
class Attempt:
    """One sync: how long the account lives on before it, what goes wrong, when it is killed."""

    pause_seconds: int
    rates: Mapping[str, float]
    seed: int
    kill: Kill
    tuning: Mapping[str, Any]
    workers: int


@dataclass(frozen=True)
class Scenario:
    """Everything that a seed decides."""

    seed: int
    kind: AccountKind
    options: Mapping[str, Any] = field(default_factory=dict)
    attempts: tuple[Attempt, ...] = ()
    by_command: bool = False
    """One of the attempts goes through the installed command, untuned."""
    has_clock: bool = False
    """There is a test clock, whose objects events show and lists hide."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """All kinds of faults in it."""
        return tuple(sorted({name for attempt in self.attempts for name in attempt.rates}))

    def only(self, kinds: tuple[str, ...]) -> Scenario:
        """The same with none but these faults."""
        attempts = tuple(
            replace(
                attempt,
                rates={name: rate for name, rate in attempt.rates.items() if name in kinds},
            )
            for attempt in self.attempts
        )
        return replace(self, attempts=attempts)

    def unkilled(self) -> Scenario:
        """The same, every sync left to its end."""
        attempts = tuple(replace(attempt, kill=NEVER) for attempt in self.attempts)
        return replace(self, attempts=attempts)


def scenario_of(seed: int, *, is_short: bool = False) -> Scenario:
    """What a seed decides.

    Args:
        seed: any number.
        is_short: smaller accounts and fewer syncs, for a soak in minutes; otherwise alike.
    """
    dice = Random(f"soak/{seed}")
    kind: AccountKind = dice.choice(("company", "samples"))
    customers = (3, 8) if is_short else (4, 14)
    options: dict[str, Any] = {
        "customers": dice.randint(*customers),
        "months": dice.randint(1, 3),
        "habits": frozenset(HABITS),
    }
    number = dice.randint(*(_ATTEMPTS_SHORT if is_short else _ATTEMPTS))
    attempts = [_attempt(dice, position) for position in range(number)]
    # Draws of their own: a further shape does not change the rest of a seed's scenario.
    shapes = Random(f"soak/shapes/{seed}")
    return Scenario(
        seed=seed,
        kind=kind,
        options=options if kind == "company" else {},
        attempts=tuple(_with_shapes(attempt, shapes) for attempt in attempts),
        by_command=seed % 13 == 0,
        has_clock=shapes.random() < 0.4,
    )


def _with_shapes(attempt: Attempt, dice: Random) -> Attempt:
    """The attempt, with refusals of single objects and events that are never sent.

    Half of those with refusals are left to their end: only then a sync says what it lacks.
    """
    rates = {kind: dice.choice(_SHARES) for kind in OBJECTS if dice.random() < 0.5}
    is_left = bool(rates) and dice.random() < 0.5
    rates |= {kind: 0.5 for kind in _UNTOLD if dice.random() < 0.3}
    kill = NEVER if is_left else attempt.kill
    return replace(attempt, rates={**attempt.rates, **rates}, kill=kill)


def _attempt(dice: Random, position: int) -> Attempt:
    rates = {name: dice.choice(_RATES) for name in dice.sample(PASSING, dice.randint(1, 5))}
    if dice.random() < 0.15:
        rates["key_revoked"] = 0.02
    if dice.random() < 0.15:
        rates["permission_withdrawn"] = 0.02
    return Attempt(
        # Together less than the 30 days that events are kept: what was deleted must be told.
        pause_seconds=dice.choice((0, 30, HOUR, DAY, 4 * DAY)) if position else 0,
        rates=rates,
        seed=dice.randrange(2**32),
        kill=_kill(dice),
        tuning={
            "backoff_seconds": 0.02,
            "seconds_between_states": dice.choice((0.0, 0.0, 0.05)),
            "page_size": dice.choice((2, 3, 5, 10, 100)),
            "pages_worth_cutting": dice.choice((2, 8)),
            "fetches_per_unit": dice.choice((3, 50)),
            "clock_skew_seconds": dice.choice((0, 0, 420, -420, -3 * DAY)),
        },
        workers=dice.choice((1, 2, 4, 16)),
    )


def _kill(dice: Random) -> Kill:
    how = dice.random()
    if how < 0.3:
        return NEVER
    if how < 0.55:
        return Kill(after_requests=int(2 ** dice.uniform(0, 8)))
    if how < 0.8:
        return Kill(after_bytes=int(10 ** dice.uniform(3, 6.3)))
    return Kill(after_seconds=dice.uniform(0.0, 1.5))
