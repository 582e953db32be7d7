"""The machine's PostgreSQL -> a server of its own on a free port, with a password that is odd.

PostgreSQL refuses to run as root, so root lends it to the user that Debian's package made.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2

USER = "stripe"
PASSWORD = "p@ss/w:rd %1"
# A commit is in the log before it is answered: some tests crash the server, not the machine.
_LESS_CARE = ("fsync=off", "full_page_writes=off")
_START_SECONDS = 60


class Postgres:
    """A running server."""

    def __init__(self, port: int, start: Callable[[], subprocess.Popen[bytes]], log: Path) -> None:
        """Starts it.

        Args:
            port: where it listens.
            start: starts its process.
            log: what it says.
        """
        self._port, self._start, self._log = port, start, log
        self._made = 0
        self._process = start()
        self._wait()

    def restart(self, *, is_crash: bool = False) -> None:
        """Starts it anew, without waiting for clients; after a crash it recovers by its log."""
        self.stop(is_crash=is_crash)
        self._process = self._start()
        self._wait()

    def stop(self, *, is_crash: bool = False) -> None:
        """Ends it; clients are cut off."""
        self._process.send_signal(signal.SIGQUIT if is_crash else signal.SIGINT)
        self._process.wait(30)

    def _wait(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg2.connect(self.address("postgres")).close()
                return
            except psycopg2.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > until:
                    said = self._log.read_text()[-2000:]
                    raise AssertionError(f"no PostgreSQL: {said}") from error
                time.sleep(0.1)

    def new_database(self) -> str:
        """The address of a new, empty database."""
        self._made += 1
        name = f"stripe_{self._made}"
        connection = psycopg2.connect(self.address("postgres"))
        try:
            connection.autocommit = True
            connection.cursor().execute(f"create database {name}")
        finally:
            connection.close()
        return self.address(name)

    def address(self, database: str) -> str:
        """The address of a database."""
        return f"postgres://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self._port}/{database}"


@contextmanager
def running_postgres(environment: Mapping[str, str] | None = None) -> Iterator[Postgres]:
    """Starts a server and stops it in the end; its files go with it.

    Args:
        environment: variables of its process beside those of this one.
    """
    folder = Path(tempfile.mkdtemp(prefix="stripe-saas-postgres-"))
    # Not pytest's own folder: other users must not look into that.
    as_user = _other_user()
    try:
        if as_user:
            shutil.chown(folder, as_user["user"])
        data, password = folder / "data", folder / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        password.chmod(0o644)
        command = [_program("initdb"), "-D", str(data), "-U", USER, "--pwfile", str(password)]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            cwd=folder,
            **as_user,
        )
        port = _free_port()
        command = [_program("postgres"), "-D", str(data), "-p", str(port), "-k", str(folder)]
        for setting in ("listen_addresses=127.0.0.1", *_LESS_CARE):
            command += ["-c", setting]

        def start() -> subprocess.Popen[bytes]:
            with (folder / "log").open("ab") as log:
                return subprocess.Popen(
                    command,
                    stderr=log,
                    stdout=log,
                    cwd=folder,
                    env={**os.environ, **(environment or {})},
                    **as_user,
                )

        server = Postgres(port, start, folder / "log")
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, "the tests need PostgreSQL's server (Debian: apt-get install postgresql)"
    return path


def _other_user() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    names = [entry.pw_name for entry in pwd.getpwall()]
    user = "postgres" if "postgres" in names else "nobody"
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
