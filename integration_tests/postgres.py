"""A Postgres server of its own on a free port, for as long as a context lasts."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_DEBIAN = Path("/usr/lib/postgresql")
_UNPRIVILEGED = "nobody"
"""The server refuses to run as root."""


def postgres_programs() -> Path | None:
    """The folder of the server's programs, None if it is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = sorted(_DEBIAN.glob("*/bin/initdb")) if _DEBIAN.exists() else []
    return versions[-1].parent if versions else None


@contextmanager
def a_postgres() -> Iterator[str]:
    """Starts a server with one empty database.

    Yields:
        The address of the database.
    """
    programs = postgres_programs()
    assert programs is not None, "Postgres is not installed"
    user: dict[str, Any] = {"user": _UNPRIVILEGED} if os.getuid() == 0 else {}
    # Not below pytest's own folders: they are for their owner alone.
    with tempfile.TemporaryDirectory(prefix="postgres") as name:
        if user:
            shutil.chown(name, _UNPRIVILEGED)
        with _serving(programs, Path(name), user) as address:
            yield address


@contextmanager
def _serving(programs: Path, folder: Path, user: dict[str, Any]) -> Iterator[str]:
    data = folder / "data"
    initdb = [str(programs / "initdb"), "-D", str(data), "-U", "test", "-A", "trust", "-N"]
    subprocess.run([*initdb, "-E", "UTF8"], check=True, capture_output=True, cwd=folder, **user)
    port = _free_port()
    settings = {"listen_addresses": "127.0.0.1", "fsync": "off", "unix_socket_directories": ""}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), *options]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **user)
    try:
        _wait(port)
        yield f"postgresql://test@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # "fast": whoever is connected is let go
        server.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(port: int) -> None:
    import psycopg2

    for _ in range(300):
        try:
            psycopg2.connect(f"postgresql://test@127.0.0.1:{port}/postgres").close()
            return
        except psycopg2.OperationalError:
            time.sleep(0.1)
    raise AssertionError("Postgres did not start within half a minute")
