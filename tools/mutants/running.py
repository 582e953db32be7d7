"""Mutants and their tests -> which mutants survive them.

The tests are collected once. A mistake inside a function is put into a fork of this process, by
giving the function its new code; one outside of functions gets a process of its own, which imports
the mutant in the module's place. Nothing is written to the checkout.
"""

from __future__ import annotations

import ast
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tools.mutants.mutations import Mutant, mutated

_QUICKEST = 25
"""Tests that a mutant of a process of its own meets first: loading all of them takes a while."""


def survives(
    module: str, file: Path, mutant: Mutant, items: Sequence[pytest.Item], seconds: float
) -> bool:
    """True if all tests pass with the mutant in the place of its code.

    Args:
        module: its name.
        file: where it lies.
        mutant: the mistake.
        items: its tests, in the order in which they run until one fails.
        seconds: after which it counts as killed: a loop that does not end.
    """
    plant = planting(module, file, mutant)
    if plant is None:
        return all(
            _survives_alone(module, file, mutant, some, seconds)
            for some in (items[:_QUICKEST], items[_QUICKEST:])
            if some
        )
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        _run(plant, items)
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _run(plant: Callable[[], None], items: Sequence[pytest.Item]) -> None:
    """Ends the process: 0 if all tests pass."""
    code = 1
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        plant()
        following = [*items[1:], None]
        code = 0
        for item, next_item in zip(items, following, strict=True):
            if any(report.failed for report in runtestprotocol(item, False, next_item)):
                code = 1
                break
    finally:
        os._exit(code)


def _survives_alone(
    module: str, file: Path, mutant: Mutant, items: Sequence[pytest.Item], seconds: float
) -> bool:
    options = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-p", "tools.mutants.planted"]
    place = f"{module} {mutant.place} {mutant.choice} {file}"
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, *(item.nodeid for item in items)],
        env={**os.environ, "MUTANT": place},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            return process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return False


# -- new code for a function -----------------------------------------------------------------------


def planting(module: str, file: Path, mutant: Mutant) -> Callable[[], None] | None:
    """What gives the mutant's function its new code; None if the mistake is in no function's."""
    names: list[str] = []
    found: Any = sys.modules.get(module)
    source = file.read_text(encoding="utf-8")
    for name in mutant.where.split("."):
        found = vars(found).get(name) if isinstance(found, ModuleType | type) else None
        if found is None:
            return None
        names.append(name)
        function = _function_of(found)
        if function is not None:
            break
    else:
        return None
    before = _code_of(ast.unparse(ast.parse(source)), names)
    after = _code_of(mutated(source, mutant), names)
    if before is None or after is None or before == after:
        return None  # a default of an argument, say

    def plant() -> None:
        function.__code__ = after

    return plant


def _function_of(found: Any) -> FunctionType | None:
    """The function inside a method, a property or a cache."""
    for name in ("fget", "__func__", "__wrapped__"):
        found = getattr(found, name, found)
    return found if isinstance(found, FunctionType) else None


def _code_of(source: str, names: Sequence[str]) -> CodeType | None:
    code: CodeType | None = compile(source, "mutant", "exec")
    for name in names:
        assert code is not None
        code = next((inner for inner in _inner_codes(code) if inner.co_name == name), None)
        if code is None:
            return None
    return code


def _inner_codes(code: CodeType) -> Iterator[CodeType]:
    return (const for const in code.co_consts if isinstance(const, CodeType))
