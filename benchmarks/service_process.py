"""Settings -> the service as a process that listens, and what it used."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.server_process import ROOT
from stripe_saas_service.settings import Settings
from stripe_sandbox.server.running import listen


@contextmanager
def serving(
    settings: Settings, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The service as a process of its own, listening.

    Args:
        settings: name the folder.
        environment: further variables.
    """
    with listen(0) as free:
        port = int(free.getsockname()[1])
    folder = str(settings.folder.root)
    command = [sys.executable, "-m", "stripe_saas.cli", "serve"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--data", folder],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )
    try:
        asyncio.run(_until_listening(process, port))
        yield process, port
    finally:
        process.terminate()
        process.wait(timeout=30)


async def _until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"the service ended with {process.returncode}")
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise RuntimeError("the service does not listen")


def used(process: subprocess.Popen[bytes]) -> tuple[float | None, float | None]:
    """Processor seconds and the most memory of a process, where the system shows them."""
    folder = Path(f"/proc/{process.pid}")
    if not folder.exists():
        return None, None
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    status = (folder / "status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK"), int(peak.split()[1]) / 1000
