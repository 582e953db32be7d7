"""Companies that the service keeps current: from a delivery to API and ledger; many at once.

The sandbox's clock runs as fast as the machine's, with Stripe's limits. What changes is a company's
own doing: ten minutes of its life at a time, until it does something to a customer. Server, service
and sender share the machine.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.context import Context
from benchmarks.server_process import ROOT
from benchmarks.service_process import serving
from benchmarks.table import Row
from stripe_saas_service.access import tokens
from stripe_saas_service.access.policy import Scope
from stripe_saas_service.connect.webhook import WEBHOOK_SECRET
from stripe_saas_service.service import Service, open_service
from stripe_saas_service.settings import settings_of
from stripe_saas_service.store.tables import Company, Connection

_KEY = "sk_test_benchmark0000000001"
_SECRET = "whsec_benchmark"
_CUSTOMERS, _TINY_CUSTOMERS = 2000, 20
_CHANGES, _TINY_CHANGES = 20, 1
_COMPANIES, _TINY_COMPANIES = 50, 2
_STEP_SECONDS = 600
_SECONDS_BETWEEN_STEPS = 0.2
"""The sender counts against Stripe's limit as well."""
_TYPES = (
    "customer.created",
    "customer.updated",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
)
_IN_LEDGER = ("customer.subscription.created", "customer.subscription.deleted")
_API_SECONDS, _MARTS_SECONDS = 5.0, 90.0
_MOST_MB = 1500.0
_PATIENCE_SECONDS = 240.0


@dataclass
class _Company:
    """A company of the service, seen from outside."""

    url: str
    connection: str
    token: str

    def get(self, path: str) -> Any:
        """An answer of the API; None for one that is not there yet."""
        request = urllib.request.Request(
            f"{self.url}/api/{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return json.loads(reply.read())
        except urllib.error.HTTPError as error:
            if error.code in (404, 503):
                return None
            raise

    def deliver(self, event: dict[str, Any]) -> None:
        """Delivers an event, as Stripe would."""
        body, at = json.dumps(event).encode(), int(time.time())
        proof = hmac.new(_SECRET.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
        request = urllib.request.Request(
            f"{self.url}/hooks/stripe/{self.connection}",
            body,
            {"Stripe-Signature": f"t={at},v1={proof}", "Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=30).read()


def current(context: Context) -> list[Row]:
    """Rows for one company of 2,000 customers, and one for many companies in one process."""
    customers = context.size(_CUSTOMERS, _TINY_CUSTOMERS)
    with _sandbox(customers, "--rate-limit", "25") as stripe:
        rows = _one_company(context, stripe, customers)
    with _sandbox(_TINY_CUSTOMERS) as stripe:
        rows.append(_many_companies(context, stripe))
    return rows


def _one_company(context: Context, stripe: str, customers: int) -> list[Row]:
    settings = settings_of(data=context.folder / "current", environment={})
    service = open_service(settings)
    connection, token = _connected(service, "Acme")
    service.store.close()
    with serving(settings, {"STRIPE_SAAS_API_URL": stripe}) as (_, port):
        company = _Company(f"http://127.0.0.1:{port}", connection, token)
        context.say(f"service: first import of {customers} customers")
        _until(lambda: company.get("mrr"), 1800)
        shown, settled = _changes(context, stripe, company)
    return [
        _row(context, "delivery to API", shown, _API_SECONDS),
        _row(context, "delivery to ledger and marts", settled, _MARTS_SECONDS),
    ]


def _row(context: Context, name: str, seconds: list[float], most: float) -> Row:
    shares = [_share(seconds, share) for share in (0.5, 0.95, 0.99)]
    p50, p95, p99 = (f"{share:.1f} s" for share in shares)
    return Row(
        "service",
        name,
        records=len(seconds),
        measured=f"p50 {p50}, p95 {p95}, p99 {p99}",
        target=f"p95 of {most:.0f} s",
        is_met=None if context.is_tiny else shares[1] <= most,
    )


def _changes(context: Context, stripe: str, company: _Company) -> tuple[list[float], list[float]]:
    """Seconds from each delivery to the API, and to a row of the ledger."""
    shown: list[float] = []
    waiting: dict[str, float] = {}
    settled: list[float] = []
    for number in range(context.size(_CHANGES, _TINY_CHANGES)):
        event = _next_event(stripe)
        subject = event["data"]["object"]
        context.say(f"service: change {number + 1}, a {event['type']}")
        sent, moment = time.monotonic(), datetime.now(timezone.utc)
        company.deliver(event)
        customer = subject.get("customer") or subject["id"]
        _until(partial(_is_shown, company, customer, moment), _PATIENCE_SECONDS)
        shown.append(time.monotonic() - sent)
        context.say(f"service: shown after {shown[-1]:.1f} s")
        if event["type"] in _IN_LEDGER:
            waiting[subject["id"]] = sent
        settled += _settled(company, waiting)
    while waiting and time.monotonic() - min(waiting.values()) < _PATIENCE_SECONDS:
        time.sleep(0.5)
        settled += _settled(company, waiting)
    return shown, [*settled, *(_PATIENCE_SECONDS for _ in waiting)]


def _next_event(stripe: str) -> dict[str, Any]:
    """Lets the company live until it does something to a customer; its event."""
    while True:
        since = _now(stripe)
        _post(f"{stripe}/_sandbox/advance?seconds={_STEP_SECONDS}", {})
        for event in _events(stripe, since):
            return event
        time.sleep(_SECONDS_BETWEEN_STEPS)


def _now(stripe: str) -> int:
    with urllib.request.urlopen(f"{stripe}/_sandbox/health", timeout=30) as reply:
        return int(json.loads(reply.read())["now"])


def _events(stripe: str, since: int) -> list[dict[str, Any]]:
    types = "".join(f"&types[]={name}" for name in _TYPES)
    request = urllib.request.Request(
        f"{stripe}/v1/events?limit=100&created[gt]={since}{types}",
        headers={"Authorization": f"Bearer {_KEY}"},
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        found: list[dict[str, Any]] = json.loads(reply.read())["data"]
        return found


def _is_shown(company: _Company, customer: str, since: datetime) -> bool:
    """Whether the API answers from figures that were published after a moment."""
    found = company.get(f"customers/{customer}")
    return found is not None and datetime.fromisoformat(found["published_at"]) > since


def _settled(company: _Company, waiting: dict[str, float]) -> list[float]:
    """Seconds of those that the ledger has by now; they wait no more."""
    found, after = [], ""
    while waiting:
        page = company.get(f"subscription-events?limit=1000{after}")
        if page is None:
            break
        for row in page["data"]:
            sent = waiting.pop(row["subscription_id"], None)
            if sent is not None:
                found.append(time.monotonic() - sent)
        if not page["has_more"]:
            break
        after = f"&after={page['next']}"
    return found


def _many_companies(context: Context, stripe: str) -> Row:
    """First imports of many companies at once, in one process of the service."""
    settings = settings_of(data=context.folder / "many", environment={})
    service = open_service(settings)
    number = context.size(_COMPANIES, _TINY_COMPANIES)
    made = [_connected(service, f"Company {place}") for place in range(number)]
    service.store.close()
    context.say(f"service: first imports of {number} companies")
    with serving(settings, {"STRIPE_SAAS_API_URL": stripe}) as (process, port):
        companies = [_Company(f"http://127.0.0.1:{port}", *each) for each in made]
        began, peak, answers = time.monotonic(), 0.0, []
        left = list(companies)
        while left:
            asked = time.monotonic()
            for company in list(left):
                if company.get("mrr") is not None:
                    left.remove(company)
            answers.append((time.monotonic() - asked) / max(1, len(left)))
            peak = max(peak, _tree_mb(process.pid))
            time.sleep(0.5)
        seconds = time.monotonic() - began
    return Row(
        "service",
        f"{number} companies at once",
        records=number,
        seconds=seconds,
        peak_mb=peak,
        measured=f"all imported in {seconds:.0f} s, {peak:.0f} MB with all processes, "
        f"API p95 {_share(answers, 0.95) * 1000:.0f} ms meanwhile",
        target=f"under {_MOST_MB:.0f} MB",
        is_met=None if context.is_tiny else peak < _MOST_MB,
    )


def _connected(service: Service, name: str) -> tuple[str, str]:
    """A company that is connected; the connection's id and a token."""
    with service.store.writing() as session:
        company = Company(name=name, mode="test")
        session.add(company)
        session.flush()
        connection = Connection(company_id=company.id, mode="test", auth_kind="key")
        session.add(connection)
        session.flush()
        service.vault.put(session, connection.id, "api_key", _KEY)
        service.vault.put(session, connection.id, WEBHOOK_SECRET, _SECRET)
        scopes = (Scope.METRICS, Scope.PEOPLE)
        token, _ = tokens.make(session, company.id, "benchmark", scopes, actor="command")
        return connection.id, token


@contextmanager
def _sandbox(customers: int, *options: str) -> Iterator[str]:
    command = [sys.executable, "-m", "stripe_sandbox.command", "--port", "0", "--alive", "1"]
    command += ["--customers", str(customers), "--months", "12", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        words = process.stdout.readline().split()
        yield next(word for word in words if word.startswith("http"))
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


def _until(condition: Callable[[], Any], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("it did not come to that")
        time.sleep(0.05)


def _post(url: str, content: Any) -> None:
    request = urllib.request.Request(
        url, json.dumps(content).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=60).read()


def _tree_mb(pid: int) -> float:
    """Memory of a process and all below it, what they share counted once (PSS)."""
    total = 0.0
    for process in (pid, *_below(pid)):
        with suppress(OSError, ValueError):
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000
    return total


def _below(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from _below(child)


def _share(values: list[float], share: float) -> float:
    """The value that so large a share of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0
