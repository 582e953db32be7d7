"""`make serve`: a company is connected, read, and moves on by itself."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
import requests

pytestmark = pytest.mark.slow

_SECONDS = 240
_COMPANY = ("--customers", "40", "--months", "4", "--speed", "1200")


@contextmanager
def _serving(folder):
    """The process and what it printed until it was ready."""
    command = [sys.executable, "-m", "tools.living_service", "--port", "0", "--data", str(folder)]
    process = subprocess.Popen([*command, *_COMPANY], stdout=subprocess.PIPE, text=True)
    said = ""
    try:
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        yield process, said
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        process.stdout.close()


def _until(asked):
    ends = time.monotonic() + _SECONDS
    while not (found := asked()):
        assert time.monotonic() < ends, "it did not come"
        time.sleep(0.5)
    return found


def test_a_newcomer_sees_a_connected_company_that_moves(tmp_path):
    with _serving(tmp_path / "data") as (process, said):
        link = re.search(r"http\S+/invitation/\S+", said)[0]
        token, url = re.search(r"Bearer (\S+)' (http\S+)/api/", said).groups()
        sent = {"authorization": f"Bearer {token}"}

        def asked(path):
            reply = requests.get(f"{url}/api/{path}", headers=sent, timeout=30)
            return reply.json() if reply.ok else None

        assert requests.get(link, timeout=30).ok

        def status():
            return asked("integrations/stripe/status")

        _until(lambda: status()["last_good_sync_at"])
        assert asked("mrr") is not None
        received = _until(lambda: status()["deliveries"]["last_received_at"])
        moved = _until(
            lambda: (now := status())["deliveries"]["last_received_at"] > received and now
        )
        assert moved["connected"]
        assert moved["deliveries"]["refused"] == 0
    assert process.returncode == 0
    assert not _serves(tmp_path / "data")


def _serves(folder):
    """Processes that still have the folder in their command line."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/cmdline", "rb") as file:
                if str(folder).encode() in file.read():
                    found.append(process)
        except OSError:
            continue
    return found


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "store.sqlite").write_text("of a real service")
    command = [sys.executable, "-m", "tools.living_service", "--port", "0", "--data", str(tmp_path)]
    ended = subprocess.run([*command, *_COMPANY], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1
    assert "was not made by make serve" in ended.stderr
    assert (tmp_path / "store.sqlite").read_text() == "of a real service"
