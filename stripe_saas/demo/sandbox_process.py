"""Options of an account -> a sandbox that runs as a process, and its control routes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from stripe_saas.demo.stopping import stopped

_ANNOUNCEMENT = re.compile(r"at (?P<url>http://\S+)\s+key (?P<key>\S+)")

# An environment with a proxy must not send requests for this machine through it.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SandboxError(Exception):
    """The sandbox did not start, or did not do what it was asked."""


@dataclass(frozen=True)
class SandboxProcess:
    """A running sandbox."""

    url: str
    key: str
    """A key that may read everything."""

    def advance(self, days: int) -> None:
        """Lets days pass in the account."""
        self._ask("POST", f"advance?days={days}")

    def truth(self) -> dict[str, dict[str, Any]]:
        """Stream -> `ids`, `deleted`, `unlistable`, as the sandbox knows them."""
        streams: dict[str, dict[str, Any]] = self._ask("GET", "counts")["streams"]
        return streams

    def movements(self) -> dict[str, list[dict[str, Any]]]:
        """The company's own books of MRR: `movements` by customer and day, and `months`."""
        return self._ask("GET", "movements")

    def requests_by_route(self) -> dict[str, int]:
        """Route -> requests since the last time this was asked."""
        routes: dict[str, int] = self._ask("GET", "stats")["routes"]
        self._ask("POST", "stats/reset")
        return routes

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", method=method)
        try:
            with _opener.open(request, timeout=600) as reply:
                content: dict[str, Any] = json.load(reply)
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:300]
            raise SandboxError(f"{method} {path} -> {error.code}: {said}") from error
        except OSError as error:
            raise SandboxError(f"{method} {path}: {error}") from error
        return content


@contextmanager
def running_sandbox_process(options: Sequence[str]) -> Iterator[SandboxProcess]:
    """Starts `stripe-saas sandbox` on a free port and stops it in the end.

    Args:
        options: further options of the command.

    Raises:
        SandboxError: it ended instead of listening.
    """
    command = [sys.executable, "-m", "stripe_saas.cli", "sandbox", "--port", "0", *options]
    with stopped(
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        # It says where it listens once the account is built; nothing follows.
        found = _ANNOUNCEMENT.search(process.stdout.readline())
        if found is None:
            raise SandboxError(process.stderr.read().strip() or "it ended without a word")
        yield SandboxProcess(found["url"], found["key"])
