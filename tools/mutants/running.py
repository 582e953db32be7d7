"""A mutant and its tests -> whether one of them fails.

Each mutant runs in a fork of this process, which has loaded the libraries and nothing of ours; the
fork's import of the mutated module gets the mutant's source. Nothing is written to the checkout.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType

_LIBRARIES = (
    "airbyte_cdk.entrypoint",
    "airbyte_cdk.sources.declarative.concurrent_declarative_source",
    "airbyte_cdk.test.entrypoint_wrapper",
    "hypothesis",
    "msgspec",
    "pendulum",
    "pytest",
    "requests_mock",
)


class _MutantLoader(importlib.abc.InspectLoader):
    def __init__(self, file: Path, source: str) -> None:
        self._file, self._source = file, source

    def get_source(self, fullname: str) -> str:
        return self._source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._source, str(self._file), "exec")


class _MutantFinder(importlib.abc.MetaPathFinder):
    """Finds one module as the mutant has it."""

    def __init__(self, module: str, file: Path, source: str) -> None:
        self._module, self._file, self._source = module, file, source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._module:
            return None
        loader = _MutantLoader(self._file, self._source)
        return importlib.util.spec_from_file_location(fullname, self._file, loader=loader)


def load_libraries() -> None:
    """Loads what all tests need and no mutant changes."""
    for name in _LIBRARIES:
        importlib.import_module(name)


def survives(module: str, file: Path, source: str, tests: Sequence[str], seconds: float) -> bool:
    """True if all tests pass with the mutant in the place of its module.

    Args:
        module: its name.
        file: where it lies.
        source: the mutant's.
        tests: ids, in the order in which they run until one fails.
        seconds: after which it counts as killed: a loop that does not end.
    """
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        _run(module, file, source, tests)
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _run(module: str, file: Path, source: str, tests: Sequence[str]) -> None:
    """Ends the process: 0 if all tests pass."""
    code = 1
    try:
        import pytest

        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        sys.meta_path.insert(0, _MutantFinder(module, file, source))
        options = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-p", "no:cov", "--tb=no"]
        code = int(pytest.main([*options, *tests]))
    finally:
        os._exit(code)
