"""A forked process does what a started one does."""

import os
import signal
import subprocess
import sys

import pytest

from integration_tests.connector import COMMAND
from integration_tests.forking import ForkedPopen
from integration_tests.forking.popen import module_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked here")
PEOPLES = (sys.executable, "-m", "stripe_saas.cli")


@pytest.mark.parametrize(
    "command",
    [(*COMMAND, "spec"), (*COMMAND, "check"), (*PEOPLES, "no-such-command")],
    ids=["that succeeds", "that is refused", "of people's, that is refused"],
)
def test_a_command_prints_and_returns_the_same(command, tmp_path):
    ways = {}
    for kind in (subprocess.Popen, ForkedPopen):
        with kind(command, stdout=-1, stderr=-1, text=True, cwd=tmp_path) as process:
            ways[kind] = (*process.communicate(timeout=60), process.returncode)
    assert ways[ForkedPopen] == ways[subprocess.Popen]
    assert "".join(ways[ForkedPopen][:2])


def test_it_has_its_own_pid_environment_folder_and_input_and_a_signal_ends_it(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path), "MARK": "of this process"}
    command = (*PEOPLES, "state")
    with ForkedPopen(
        command, stdin=-1, stdout=-1, stderr=-1, cwd=tmp_path, env=environment
    ) as process:
        assert process.poll() is None
        assert process.pid != os.getpid()
        if os.path.exists("/proc/self/cwd"):
            assert os.readlink(f"/proc/{process.pid}/cwd") == str(tmp_path)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.2)  # for its input
        process.send_signal(signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
        assert process.poll() == -signal.SIGKILL


def test_what_only_a_new_interpreter_heeds_gets_one():
    code = (sys.executable, "-c", "import os; print(os.getppid())")
    assert module_of(code) is None
    assert module_of(["/usr/bin/env", "python"]) is None
    assert module_of([*PEOPLES, "sync"]) == ("stripe_saas.cli", ["sync"])
    with ForkedPopen(code, stdout=-1, text=True) as process:
        assert process.communicate()[0] == f"{os.getpid()}\n"
    seeded = {**os.environ, "PYTHONHASHSEED": "7"}
    with ForkedPopen((*COMMAND, "spec"), stdout=-1, env=seeded) as process:
        assert process._connection is None
        assert process.communicate()[0].startswith(b'{"type": "SPEC"')
