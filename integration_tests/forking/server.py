"""Connections to a socket -> processes, each forked from here.

A connection carries a request with three file descriptors in, then the pid and the exit status out.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import select
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from integration_tests.forking.popen import STARTING, forking
from integration_tests.manifest_once import prepare_manifest_once

MOST_BYTES = 1 << 20
"""Of a request; command lines and environments are far smaller."""

_DESCRIPTORS = 3


def main() -> None:
    """Serves at the path of the command line until standard input ends."""
    _load()
    # A forked process would copy what its collections touch.
    gc.freeze()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(sys.argv[1])
        listener.listen(64)
        print("ready", flush=True)
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            _reap()
            if os.fork():
                connection.close()
                continue
            listener.close()
            _attend(connection)
            return
    shutil.rmtree(Path(sys.argv[1]).parent, ignore_errors=True)
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _load() -> None:
    """Loads what the processes would load, but for DuckDB: it starts a thread at once."""
    from source_stripe_saas.protocol import entrypoint
    from source_stripe_saas.source import SourceStripeSaas
    from stripe_saas.cli import COMMANDS

    assert entrypoint is not None
    for command in COMMANDS.values():
        # Not the sandbox and the service: no test starts them this way.
        if command.module.startswith("stripe_saas."):
            import_module(command.module)
    import_module("dbt.cli.main")
    prepare_manifest_once()
    SourceStripeSaas()
    # DuckDB loads pandas, which comes with the CDK, at its first parameter: 0.8 CPU seconds a
    # process. Nothing here uses it; processes that are not forked have it.
    sys.modules["pandas"] = None  # type: ignore[assignment]
    assert threading.active_count() == 1
    assert "duckdb" not in sys.modules


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _attend(connection: socket.socket) -> None:
    """Forks the process that a request asks for, and says when it ends."""
    text, descriptors, _, _ = socket.recv_fds(connection, MOST_BYTES, _DESCRIPTORS)
    asked: dict[str, Any] = json.loads(text)
    pid = os.fork()
    if pid == 0:
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        _become(asked)
        connection.send(json.dumps({"pid": os.getpid()}).encode())
        connection.close()
        runpy.run_module(asked["module"], run_name="__main__", alter_sys=False)
        return
    for descriptor in descriptors:
        os.close(descriptor)
    # Otherwise whoever reads what this process was started with would never see its end.
    silence = os.open(os.devnull, os.O_RDWR)
    for number in range(_DESCRIPTORS):
        os.dup2(silence, number)
    _, status = os.waitpid(pid, 0)
    with suppress(OSError):  # who asked may have ended
        connection.send(json.dumps({"status": status}).encode())
    os._exit(0)


def _become(asked: Mapping[str, Any]) -> None:
    """Makes this fork what a new process would be."""
    if asked["start_new_session"]:
        os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(asked["env"])
    # What the environment had decided for this process is decided anew.
    tempfile.tempdir = None
    time.tzset()
    if asked["cwd"] is not None:
        os.chdir(asked["cwd"])
    module = asked["module"]
    # What it starts in turn, if anything, is forked from the same server.
    for starting in STARTING:
        import_module(starting).subprocess = forking(sys.argv[1])  # type: ignore[attr-defined]
    sys.argv = [module, *asked["arguments"]]
    # As main modules they are loaded anew, without a warning that they have been loaded before.
    for loaded in (module, f"{module}.__main__"):
        if loaded in sys.modules and not hasattr(sys.modules[loaded], "__path__"):
            del sys.modules[loaded]


if __name__ == "__main__":
    main()
