"""The service as Stripe meets it: deliveries at an even rate, and a kill in the midst of them.

What an answer takes counts from when its delivery was due, so that a pause of the service counts
for all that wait in it. The server and the sender share the machine.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import signal
import subprocess
import time
from dataclasses import dataclass, field

from sqlalchemy import select

from benchmarks.context import Context
from benchmarks.service_companies import current
from benchmarks.service_process import serving, used
from benchmarks.table import Row
from stripe_saas_service.connect.webhook import WEBHOOK_SECRET
from stripe_saas_service.service import Service, open_service
from stripe_saas_service.settings import settings_of
from stripe_saas_service.store.tables import Company, Connection, Delivery

NAME = "service"

_SECRET = "whsec_benchmark"
_A_SECOND, _SECONDS, _TINY_SECONDS = 200, 60, 1
_KILLED_AFTER_SECONDS = 5.0
_SENDERS = 32
_P99_MS = 50.0


@dataclass
class _Sent:
    """What became of deliveries."""

    milliseconds: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    """Ids of events that were answered with 200."""
    failed: int = 0


def run(context: Context) -> list[Row]:
    """A row for the time of answers, and one for what a kill loses."""
    settings = settings_of(data=context.folder / "service", environment={})
    service = open_service(settings)
    path = f"/hooks/stripe/{_connected(service)}"
    seconds = context.size(_SECONDS, _TINY_SECONDS)
    context.say(f"{NAME}: {_A_SECOND} deliveries a second for {seconds} s, then a kill")
    with serving(settings) as (process, port):
        sent = asyncio.run(_send(port, path, "evt_a", seconds * _A_SECOND))
        cpu_seconds, peak_mb = used(process)
    with serving(settings) as (process, port):
        killed = asyncio.run(_send_and_kill(process, port, path, context))
    lost = set(sent.acknowledged + killed.acknowledged) - _stored(service)
    service.store.close()
    # Whole companies live as long as minutes: not for a trial whether the benchmark runs.
    companies = [] if context.is_tiny else current(context)
    p50, p99 = (_share(sent.milliseconds, share) for share in (0.5, 0.99))
    return [
        Row(
            NAME,
            "deliveries",
            records=len(sent.acknowledged),
            requests=len(sent.milliseconds),
            seconds=float(seconds),
            cpu_seconds=cpu_seconds,
            peak_mb=peak_mb,
            measured=f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, {sent.failed} not answered by 200",
            target=f"p99 of {_P99_MS:.0f} ms at {_A_SECOND} a second",
            is_met=None if context.is_tiny else p99 <= _P99_MS and sent.failed == 0,
        ),
        Row(
            NAME,
            "deliveries, killed",
            records=len(killed.acknowledged),
            measured=f"{len(lost)} of those that were answered by 200 are lost",
            target="none lost",
            is_met=not lost,
        ),
        *companies,
    ]


def _connected(service: Service) -> str:
    """A connection that takes deliveries; its id."""
    with service.store.writing() as session:
        company = Company(name="Benchmark", mode="test")
        session.add(company)
        session.flush()
        connection = Connection(
            company_id=company.id,
            account_id="acct_1",
            mode="test",
            auth_kind="key",
            # Deliveries are stored and wake nobody: what they wake is not what is measured.
            status="paused",
        )
        session.add(connection)
        session.flush()
        service.vault.put(session, connection.id, WEBHOOK_SECRET, _SECRET)
        return connection.id


async def _send(port: int, path: str, prefix: str, count: int) -> _Sent:
    """Sends deliveries, each at its moment."""
    sent, number = _Sent(), iter(range(count))
    began = time.perf_counter() + 0.2

    async def sender() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for place in number:
            due = began + place / _A_SECOND
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            identity = f"{prefix}{place}"
            try:
                writer.write(_request(path, identity))
                status = await _status(reader)
            except (OSError, asyncio.IncompleteReadError):
                sent.failed += 1
                return
            sent.milliseconds.append((time.perf_counter() - due) * 1000)
            if status == 200:
                sent.acknowledged.append(identity)
            else:
                sent.failed += 1
        writer.close()

    await asyncio.gather(*(sender() for _ in range(_SENDERS)))
    return sent


async def _send_and_kill(
    process: subprocess.Popen[bytes], port: int, path: str, context: Context
) -> _Sent:
    after = 0.5 if context.is_tiny else _KILLED_AFTER_SECONDS
    asyncio.get_running_loop().call_later(after, process.send_signal, signal.SIGKILL)
    return await _send(port, path, "evt_k", round(after * 2 * _A_SECOND))


def _request(path: str, identity: str) -> bytes:
    at = int(time.time())
    event = {
        "id": identity,
        "object": "event",
        "type": "customer.subscription.updated",
        "created": at,
        "livemode": False,
        "data": {"object": {"id": "sub_1", "object": "subscription", "padding": "x" * 4000}},
    }
    body = json.dumps(event, indent=2).encode()
    proof = hmac.new(_SECRET.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: t={at},v1={proof}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _status(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next(
        int(line.partition(":")[2])
        for line in head.splitlines()
        if line.lower().startswith("content-length:")
    )
    await reader.readexactly(length)
    return int(head.split()[1])


def _stored(service: Service) -> set[str]:
    with service.store.reading() as session:
        return set(session.scalars(select(Delivery.event_id)))


def _share(values: list[float], share: float) -> float:
    """The value that so large a share of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0
