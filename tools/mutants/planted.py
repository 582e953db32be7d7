"""A plugin of pytest: imports a mutant, which the environment names, in the place of its module."""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType

from tools.mutants.mutations import mutants, mutated


class _MutantLoader(importlib.abc.InspectLoader):
    def __init__(self, file: Path, source: str) -> None:
        self._file, self._source = file, source

    def get_source(self, fullname: str) -> str:
        return self._source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._source, str(self._file), "exec")


class _MutantFinder(importlib.abc.MetaPathFinder):
    def __init__(self, module: str, file: Path, source: str) -> None:
        self._module, self._file, self._source = module, file, source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._module:
            return None
        loader = _MutantLoader(self._file, self._source)
        return importlib.util.spec_from_file_location(fullname, self._file, loader=loader)


def _plant(name: str, place: str, choice: str, path: str) -> None:
    source = Path(path).read_text(encoding="utf-8")
    [mutant] = [
        one for one in mutants(source) if (one.place, one.choice) == (int(place), int(choice))
    ]
    sys.meta_path.insert(0, _MutantFinder(name, Path(path), mutated(source, mutant)))


_plant(*os.environ["MUTANT"].split(" ", 3))
