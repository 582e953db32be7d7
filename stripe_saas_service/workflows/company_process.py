"""Work for a company -> a process of its own that does it, forked from one that is warm.

Loading the CDK and reading its manifest cost a process five CPU seconds; Python's fork server does
both once. A process that is killed takes nothing with it, and nothing secret lies on a disk: what
the process is to do goes through a pipe.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

from stripe_saas_service.workflows.company_work import Work, work

_WARM = "stripe_saas_service.workflows.warm"
_GRACE_SECONDS = 20


@dataclass(frozen=True)
class Ended:
    """How work ended."""

    code: int
    """0: complete, models and all."""
    said: str
    """What there is to say of it; it holds no secret."""


def run(
    asked: Work,
    *,
    on_progress: Callable[[dict[str, Any]], None] = lambda progress: None,
    on_start: Callable[[BaseProcess], None] = lambda process: None,
) -> Ended:
    """Has work done to its end; no process is left when this returns or raises.

    Args:
        asked: what is to be done.
        on_progress: gets how far it is.
        on_start: gets the process, so that it can be ended.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_WARM])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(theirs, asked), name="company")
    process.start()
    theirs.close()
    ended: Ended | None = None
    try:
        on_start(process)
        while ended is None:
            try:
                told = ours.recv()
            except EOFError:
                break
            if "code" in told:
                ended = Ended(told["code"], told["said"])
            else:
                on_progress(told["progress"])
        process.join(_GRACE_SECONDS if ended else None)
    finally:
        # Of a process that has ended these do nothing.
        process.kill()
        process.join()
        ours.close()
    return ended or Ended(process.exitcode or 1, "The sync broke off; the log says why.")
