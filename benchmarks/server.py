"""Options in a file -> a local server that answers as Stripe does, fast enough to wait for others.

    python -m benchmarks.server OPTIONS

It prints its port, and ends when its standard input does. Only what the benchmarks need is
answered: lists with `created` filters and cursors, objects by id, the account, events. Under
/statistics it reports the requests that it got.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
from collections import Counter
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote

import orjson

from benchmarks.answering import Answer, Answers, endpoint_of
from benchmarks.options import ServerOptions
from benchmarks.refusing import Gate, Refusal

_END_OF_HEAD = b"\r\n\r\n"
_REASONS = {200: b"OK", 400: b"Bad Request", 404: b"Not Found", 429: b"Too Many Requests"}


class Desk:
    """What all connections share."""

    def __init__(self, options: ServerOptions) -> None:
        self.options = options
        self.answers = Answers(options)
        self.gate = Gate(
            options.account_per_second,
            options.endpoint_per_second,
            options.fault_share,
            options.seed,
        )
        self.counts: Counter[tuple[str, str, int]] = Counter()
        """(endpoint, names of the filters, status) -> requests."""
        self.empty_lists = 0
        self.bytes_sent = 0
        self._head_second, self._date = 0, b""

    def reply(self, target: str) -> bytes:
        """The whole reply to a GET."""
        path, _, query = target.partition("?")
        if path == "/statistics":
            return self._framed(Answer(200, self._statistics()), None)
        path = path.removeprefix("/v1/")
        endpoint = endpoint_of(path)
        refused = self.gate.refusal(endpoint)
        if refused is not None:
            answer = Answer(refused.status, _refusal_body(refused))
        else:
            try:
                answer = self.answers.to(path, query)
            except ValueError as problem:
                answer = Answer(400, orjson.dumps({"error": {"message": str(problem)}}))
        self.counts[endpoint, _filters(query), answer.status] += 1
        self.empty_lists += answer.is_empty_list
        reply = self._framed(answer, refused)
        self.bytes_sent += len(reply)
        return reply

    def _framed(self, answer: Answer, refused: Refusal | None) -> bytes:
        head = b"HTTP/1.1 %d %b\r\n" % (answer.status, _REASONS.get(answer.status, b"Error"))
        head += b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(answer.body)
        head += b"Request-Id: req_benchmark\r\nDate: %b\r\n" % self._now()
        if refused is not None and refused.reason is not None:
            head += b"Stripe-Rate-Limited-Reason: %b\r\n" % refused.reason.encode()
        return b"".join((head, b"\r\n", answer.body))

    def _now(self) -> bytes:
        second = int(time.time()) + self.options.clock_offset_seconds
        if second != self._head_second:
            self._head_second, self._date = second, formatdate(second, usegmt=True).encode()
        return self._date

    def _statistics(self) -> bytes:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return orjson.dumps(
            {
                "requests": [
                    {"endpoint": endpoint, "filters": filters, "status": status, "count": count}
                    for (endpoint, filters, status), count in sorted(self.counts.items())
                ],
                "empty_lists": self.empty_lists,
                "bytes_sent": self.bytes_sent,
                "cpu_seconds": usage.ru_utime + usage.ru_stime,
            }
        )


def _filters(query: str) -> str:
    """What a query filters by, without the values that differ from page to page."""
    names = {unquote(part.partition("=")[0]) for part in query.split("&") if part}
    return ",".join(sorted(names - {"limit", "starting_after"}))


def _refusal_body(refused: Refusal) -> bytes:
    if refused.status == 500:
        error = {"message": "An unknown error occurred", "type": "api_error"}
    else:
        error = {"message": "Request rate limit exceeded.", "type": "invalid_request_error"}
        error["code"] = "rate_limit" if refused.reason else "lock_timeout"
    return orjson.dumps({"error": error}, option=orjson.OPT_INDENT_2)


class Connection(asyncio.Protocol):
    """One client's connection, kept alive; requests without bodies only."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remembers where answers go."""
        assert isinstance(transport, asyncio.Transport)
        # Pages are larger than the default mark; nothing more is sent before the next request.
        transport.set_write_buffer_limits(high=1 << 22)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers every request that is complete."""
        self._received += data
        while (end := self._received.find(_END_OF_HEAD)) >= 0:
            line = self._received[: self._received.find(b"\r\n")]
            self._received = self._received[end + len(_END_OF_HEAD) :]
            reply = self._desk.reply(line.split(b" ", 2)[1].decode())
            latency = self._desk.options.latency_seconds
            if latency:
                asyncio.get_running_loop().call_later(latency, self._send, reply)
            else:
                self._send(reply)

    def _send(self, reply: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(reply)


async def serve(options: ServerOptions) -> None:
    """Serves until standard input ends."""
    desk = Desk(options)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(desk), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()

    def look_at_input() -> None:
        if not os.read(sys.stdin.fileno(), 1):
            ended.set()

    loop.add_reader(sys.stdin.fileno(), look_at_input)
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve(ServerOptions.load(Path(sys.argv[1]))))
