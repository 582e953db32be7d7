"""Command lines that come by a socket -> processes that are forked from here.

The CDK, dbt, DuckDB and psycopg are imported here once, and nothing of them is opened, so a fork
has no threads and no connections of anybody's. It is a process like any other: it can be killed,
its memory is its own, and it runs the module that its command line names as `python -m` would.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from typing import Any

from integration_tests.manifest_once import prepare_manifest_once

HEAD_BYTES = 8
_MOST_FILES = 1024
_STREAMS = {"stdin": 0, "stdout": 1, "stderr": 2}


def main() -> None:
    """Serves until standard input ends; a fork comes out of here as the process it is to be."""
    _load()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(sys.argv[1])
    listening.listen()
    print("ready", flush=True)
    asked = _served(listening)
    if asked is not None:
        sys.argv = [asked["command"][2], *asked["command"][3:]]
        _end_as(asked["command"][2])


def _end_as(module: str) -> None:
    """Runs a module to its end, and ends as Python does, but for C's destructors.

    These would wait for threads of libraries, that a fork has not.
    """
    code = 1
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ended:
        if not isinstance(ended.code, str):
            code = ended.code or 0
    except KeyboardInterrupt:
        traceback.print_exc()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _load() -> None:
    import dbt.adapters.duckdb
    import dbt.adapters.postgres
    import dbt.cli.main
    import duckdb
    import pandas as pandas_for_duckdb  # that imports it when it is first given a parameter
    import psycopg

    from integration_tests.sync_soak import faults, forks
    from source_stripe_saas.protocol import entrypoint
    from source_stripe_saas.source import SourceStripeSaas
    from stripe_saas.warehouse import command

    for_forks = (dbt, duckdb, pandas_for_duckdb, psycopg, entrypoint, command, faults, forks)
    assert all(for_forks)
    prepare_manifest_once()
    SourceStripeSaas()
    gc.collect()
    gc.freeze()  # a fork would copy each page that its collector looks at
    assert threading.active_count() == 1, "a fork would lack this process's threads"


def _served(listening: socket.socket) -> dict[str, Any] | None:
    """Forks, and tells of ends.

    Returns:
        In a fork what it is asked to be; None in the server, at its end.
    """
    waiting = selectors.DefaultSelector()
    waiting.register(listening, selectors.EVENT_READ)
    waiting.register(sys.stdin, selectors.EVENT_READ)
    ends: dict[int, tuple[int, socket.socket]] = {}
    while True:
        for key, _ in waiting.select():
            if key.fileobj is sys.stdin:
                return None
            if key.fileobj is listening:
                asking, _ = listening.accept()
                asked, files = _received(asking)
                pid = os.fork()
                if pid == 0:
                    waiting.close()
                    for each in (listening, asking, *(other for _, other in ends.values())):
                        each.detach()
                    _become(asked, files)
                    return asked
                for file in files:
                    os.close(file)
                end = os.pidfd_open(pid)
                waiting.register(end, selectors.EVENT_READ)
                ends[end] = (pid, asking)
                _tell(asking, pid)
            else:
                assert isinstance(key.fileobj, int)
                pid, asking = ends.pop(key.fileobj)
                waiting.unregister(key.fileobj)
                os.close(key.fileobj)
                _, status = os.waitpid(pid, 0)
                _tell(asking, os.waitstatus_to_exitcode(status))
                asking.close()


def _received(asking: socket.socket) -> tuple[dict[str, Any], list[int]]:
    head, files, _, _ = socket.recv_fds(asking, HEAD_BYTES, len(_STREAMS))
    content, size = b"", int(head)
    while len(content) < size:
        content += asking.recv(size - len(content))
    asked: dict[str, Any] = json.loads(content)
    return asked, files


def _tell(asking: socket.socket, number: int) -> None:
    with suppress(OSError):  # it was killed meanwhile, as its own processes will notice
        asking.sendall(b"%d\n" % number)


def _become(asked: dict[str, Any], files: list[int]) -> None:
    """Turns this fork into the process."""
    for stream, file in zip(_STREAMS.values(), files, strict=True):
        os.dup2(file, stream)
    os.closerange(len(_STREAMS), _MOST_FILES)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = open(_STREAMS[name], mode, closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    if asked["new_session"]:
        os.setsid()
    os.umask(asked["umask"])
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from integration_tests.sync_soak import faults, forks

    if "CLOCK_OFFSET" in os.environ:
        exec(faults.SITECUSTOMIZE, {})  # as another Python finds it
    forks.fork_all_of_this_process(sys.argv[1])


if __name__ == "__main__":
    main()
