"""A scenario -> what its syncs lost, made up, or were dishonest about; and how much was tried."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from integration_tests.comparison import missing_and_extra, stale
from integration_tests.connector import COMMAND, Connector, Message, Run
from integration_tests.destination import Destination
from integration_tests.soak.ledger import LedgerTable, broken, differing
from integration_tests.soak.outcome import Outcome
from integration_tests.soak.running import Ended, Nursery, messages_of
from integration_tests.soak.scenario import OBJECT_STREAMS, STREAMS, Scenario
from integration_tests.truth import Truth
from source_stripe_saas.streams.skipped import KINDS, MOST_NAMED
from stripe_sandbox.account import Account, open_account
from stripe_sandbox.faults import FaultOptions
from stripe_sandbox.faults.life import NEEDS_HERD
from stripe_sandbox.server.calls import Call, Hook, Proceed, Reply
from stripe_sandbox.server.running import running_sandbox
from stripe_sandbox.shapes.clocks import add_clock

CALM: Mapping[str, Any] = {
    "backoff_seconds": 0.02,
    "seconds_between_states": 0.0,
    "page_size": 100,
    "pages_worth_cutting": 8,
    "fetches_per_unit": 50,
    "clock_skew_seconds": 0,
}
_SMALL = {"slow_seconds": 0.2, "refused_seconds": 0.05}
_NEXT_TO_NEVER = 1e-12
_SHOWN = 1_000
_NOT_SHOWN = "is not complete."
"""In the error of a stream that has all but some objects, which it names."""
LATENESS_SECONDS = 60
"""So far behind now the ledger's rows may end."""
_SETTLED_SECONDS = 300
"""After this long every event can be read."""


def discovered(nursery: Nursery, folder: Path) -> list[Message]:
    """What discover says of the streams, without their schemas: nobody here looks at these."""
    connector = Connector(folder, "http://127.0.0.1:1")
    ended = nursery.run(["discover", "--config", connector.file(connector.config)], CALM)
    [catalog] = [message["catalog"] for message in ended.messages if message["type"] == "CATALOG"]
    return [{**stream, "json_schema": {}} for stream in catalog["streams"]]


def soak_safely(
    scenario: Scenario, nursery: Nursery, folder: Path, streams: Sequence[Message]
) -> Outcome:
    """The same as `soak`; a run that hangs or prints a broken line is a finding like others."""
    try:
        return soak(scenario, nursery, folder, streams)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        loss = f"seed {scenario.seed}: {type(error).__name__}: {error}"
        return Outcome(seeds=[scenario.seed], losses=[loss[:_SHOWN]])


def soak(scenario: Scenario, nursery: Nursery, folder: Path, streams: Sequence[Message]) -> Outcome:
    """Runs a scenario and compares at its end.

    Args:
        scenario: what to run.
        nursery: forks the syncs.
        folder: where their files go.
        streams: what `discovered` gave.
    """
    outcome = Outcome(seeds=[scenario.seed])
    account = open_account(scenario.kind, seed=scenario.seed, **scenario.options)
    if scenario.has_clock:
        add_clock(account, scenario.seed)
    # A switch that needs loose objects puts them into the account's past: before it is read.
    herd = {name: _NEXT_TO_NEVER for name in NEEDS_HERD if name in scenario.kinds}
    options = FaultOptions(herd, seed=scenario.seed)
    hook = _counting(nursery, outcome)
    with running_sandbox(account, hooks=(hook,), faults=options) as url:
        connector = Connector(folder, url)
        connector._streams = list(streams)
        destination, table = Destination(connector.streams), LedgerTable()

        def take(ended: Ended) -> None:
            destination.receive(ended.messages)
            table.receive(ended.messages, account.store.now)
            _count(ended, outcome)

        for position, attempt in enumerate(scenario.attempts):
            account.advance(attempt.pause_seconds)
            _switch(url, rates=dict(attempt.rates), seed=attempt.seed, **_SMALL)
            connector.config["num_workers"] = attempt.workers
            arguments = connector.read_arguments(destination.states, STREAMS)
            is_command = scenario.by_command and position == 0
            outcome.by_command += is_command
            ended = (
                _by_command(arguments)
                if is_command
                else nursery.run(arguments, attempt.tuning, attempt.kill)
            )
            take(ended)
        _switch(url)
        outcome.injected.update(requests.get(f"{url}/_sandbox/stats", timeout=10).json()["faults"])
        connector.config["num_workers"] = 4
        for position in range(2):
            # What happened during the last attempt of a first read comes with the sync after it.
            account.advance(_SETTLED_SECONDS)
            ended = nursery.run(connector.read_arguments(destination.states, STREAMS), CALM)
            take(ended)
            if ended.code != 0 and not (position == 0 and _is_asked_for_next(ended)):
                outcome.losses.append(f"a calm sync ended with {ended.code}: {ended.errors}")
        _compare(destination, Truth(account), outcome)
        _compare_ledger(table, account, outcome)
    outcome.losses = [f"seed {scenario.seed}: {loss[:_SHOWN]}" for loss in outcome.losses]
    return outcome


def _is_asked_for_next(ended: Ended) -> bool:
    """True if all that a sync lacks was skipped before it, in a first read that it completed.

    A first read asks for such objects once it is done, which is in the sync after.
    """
    errors = [
        message["trace"]["error"]["message"]
        for message in ended.messages
        if message["type"] == "TRACE" and message["trace"]["type"] == "ERROR"
    ]
    return bool(errors) and all(" Skipped by an earlier sync: " in error for error in errors)


def _switch(url: str, **options: Any) -> None:
    with requests.Session() as session:
        # The port may be closed for a moment: that is one of the faults.
        session.mount("http://", HTTPAdapter(max_retries=Retry(8, backoff_factor=0.05)))
        session.post(f"{url}/_sandbox/faults", json=options, timeout=10).raise_for_status()


def _counting(nursery: Nursery, outcome: Outcome) -> Hook:
    async def hook(call: Call, proceed: Proceed) -> Reply:
        nursery.requests += 1
        outcome.requests += 1
        return await proceed(call)

    return hook


def _by_command(arguments: Sequence[str]) -> Ended:
    """The installed console script, as the platform starts it (the module, if not installed)."""
    script = Path(sys.executable).with_name("source-stripe-saas")
    command = [str(script)] if script.exists() else list(COMMAND)
    began = time.monotonic()
    run = subprocess.run([*command, *arguments], capture_output=True, timeout=300, check=False)
    messages = messages_of(run.stdout)
    return Ended(run.returncode, messages, run.stderr.decode(), time.monotonic() - began)


def _count(ended: Ended, outcome: Outcome) -> None:
    outcome.syncs += 1
    outcome.records += sum(message["type"] == "RECORD" for message in ended.messages)
    if ended.was_killed:
        outcome.kills += 1
        return
    outcome.incomplete += ended.code != 0
    run = Run(ended.code, ended.messages, [], ended.errors)
    named = set().union(*map(set_aside, run.states.values())) if run.states else set()
    outcome.set_aside += len(named)
    outcome.losses += [*dishonesties(run), *unnamed(run)]


def dishonesties(run: Run) -> list[str]:
    """Where exit code, statuses, traces and states of a run that ended do not agree."""
    found = []
    incomplete = sorted(name for name, said in run.statuses.items() if said != "COMPLETE")
    if run.code == 0 and (incomplete or run.errors):
        found.append(f"exit code 0, but {incomplete} incomplete, {run.errors}")
    if run.code == 0 and sorted(run.statuses) != sorted(STREAMS):
        found.append(f"exit code 0, but only {sorted(run.statuses)} have ended")
    if run.code > 0 and not run.errors:
        found.append(f"exit code {run.code} without an error trace: {run.stderr}")
    if run.code < 0:
        found.append(f"died of signal {-run.code}: {run.stderr}")
    if "Traceback" in run.stderr:
        found.append(f"a traceback on stderr: {run.stderr}")
    return found


def unnamed(run: Run) -> list[str]:
    """What a run set aside, to be asked for again, and did not say in a trace of its stream."""
    found = []
    for name, state in run.states.items():
        aside = set_aside(state)
        errors = [error["message"] for error in run.errors if _stream_of(error) == name]
        if aside and run.statuses.get(name) == "COMPLETE":
            found.append(f"{name} is complete without {aside}")
        for message in errors:
            named = [one for one in aside if one in message]
            if _NOT_SHOWN in message and len(named) < min(len(aside), MOST_NAMED):
                found.append(f"{name} lacks {aside}, and says: {message}")
        if aside and not errors:
            found.append(f"{name} lacks {aside}, and has no error")
    return found


def set_aside(state: Mapping[str, Any]) -> list[str]:
    """Ids of what a stream's state remembers as skipped."""
    retry = state.get("retry") or {}
    entries = [entry for kind in KINDS for entry in retry.get(kind, ())]
    ids = [entry["id"] if isinstance(entry, dict) else entry for entry in entries]
    return [*ids, *state.get("aside", {})]


def _stream_of(error: Mapping[str, Any]) -> str | None:
    name: str | None = (error.get("stream_descriptor") or {}).get("name")
    return name


def _compare(destination: Destination, truth: Truth, outcome: Outcome) -> None:
    """Every object present at its latest content, deleted ones flagged, nothing made up."""
    problems = [
        missing_and_extra(destination, truth, OBJECT_STREAMS),
        stale(destination, truth, OBJECT_STREAMS),
    ]
    counts = truth.counts()
    for name in OBJECT_STREAMS:
        table = destination.tables[name]
        outcome.objects += len(table.present)
        outcome.deleted += len(table.deleted)
        if name != "events":
            known = {*counts[name]["ids"], *counts[name]["deleted"], *counts[name]["unlistable"]}
            made_up = sorted(set(table.rows) - known)
            problems.append({f"{name} that never existed": made_up} if made_up else {})
    outcome.losses += [str(problem) for problem in problems if problem]


def _compare_ledger(table: LedgerTable, account: Account, outcome: Outcome) -> None:
    """Every row once, in an unbroken chain, that comes to what the company knows of itself."""
    ledgers = table.ledgers()
    clocked = {name for kind, name in account.store.of_clock if kind == "subscription"}
    outcome.losses += [f"{name} of a test clock has rows" for name in clocked & ledgers.keys()]
    outcome.ledger_rows += len(table.rows)
    outcome.ledger_put_aside += table.put_aside
    outcome.losses += [*table.wrong, *broken(ledgers)]
    through = table.state.get("through", 0)
    if not table.is_complete or through < account.store.now - LATENESS_SECONDS:
        outcome.losses.append(f"the ledger has come to {through}, of {account.store.now}")
    elif account.company is not None:
        assert table.followed_since is not None
        entries = account.company.ledger()
        count, wrong = differing(ledgers, entries, table.followed_since, through)
        outcome.ledger_values += count
        outcome.losses += wrong
