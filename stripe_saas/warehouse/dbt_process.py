"""dbt's own command line, for a process of its own that ends with the one that started it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

_GRACE_SECONDS = 3.0
"""For dbt to cancel what the warehouse is doing for it."""


def end_with_parent() -> None:
    """Watches standard input, a pipe that ends when its other end does, however it ends."""
    standard_input = sys.stdin.fileno()

    def watch() -> None:
        # Not by `sys.stdin`: its lock, held by this thread, aborts the interpreter at its end.
        while os.read(standard_input, 4096):
            pass
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(_GRACE_SECONDS)
        os._exit(128 + signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def end_on_terminate() -> None:
    """Has SIGTERM cancel what runs, as Ctrl-C does; dbt by itself would leave it running."""
    signal.signal(signal.SIGTERM, lambda number, frame: os.kill(os.getpid(), signal.SIGINT))


if __name__ == "__main__":
    # DuckDB would ask for it at the first parameter: half a CPU second for nothing.
    sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]
    from dbt.cli.main import cli

    end_with_parent()
    end_on_terminate()
    cli()
