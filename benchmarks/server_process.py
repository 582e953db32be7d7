"""Server options -> a running server of its own process, and what it counted."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import orjson

from benchmarks.options import ServerOptions

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Statistics:
    """What a server was asked since it started."""

    requests: list[tuple[str, str, int, int]]
    """(endpoint, names of the filters, status, how often)."""
    empty_lists: int
    """Requests for a list that brought no object."""
    bytes_sent: int
    cpu_seconds: float

    @property
    def total(self) -> int:
        """All requests."""
        return sum(count for *_, count in self.requests)

    def by_status(self) -> Counter[int]:
        """Status -> requests."""
        counted: Counter[int] = Counter()
        for _, _, status, count in self.requests:
            counted[status] += count
        return counted

    def by_endpoint(self) -> Counter[str]:
        """Endpoint -> requests."""
        counted: Counter[str] = Counter()
        for endpoint, _, _, count in self.requests:
            counted[endpoint] += count
        return counted


class ServerProcess:
    """A context in which the server runs."""

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._folder = tempfile.TemporaryDirectory(prefix="benchmark-server-")
        self.url = ""
        """Where it answers, without /v1."""

    def __enter__(self) -> ServerProcess:
        path = Path(self._folder.name) / "options.json"
        self._options.save(path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.server", str(path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        if not port:
            self._process.wait()
            raise RuntimeError("the benchmark's server did not start")
        self.url = f"http://127.0.0.1:{int(port)}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()
        self._folder.cleanup()

    def statistics(self) -> Statistics:
        """The requests so far."""
        with urllib.request.urlopen(f"{self.url}/statistics") as reply:
            content = orjson.loads(reply.read())
        requests = [
            (entry["endpoint"], entry["filters"], entry["status"], entry["count"])
            for entry in content["requests"]
        ]
        return Statistics(
            requests, content["empty_lists"], content["bytes_sent"], content["cpu_seconds"]
        )
