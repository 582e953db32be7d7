"""Two kinds of import contract that import-linter lacks: an allow-list, and no circles.

`.importlinter` names them; `make lint` checks them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.application.contract_utils import AlertLevel, remove_ignored_imports


class OnlyExternal(Contract):
    """Modules of some packages import nothing from outside but what is named.

    Other packages of this project are outside too; the standard library is always allowed.
    """

    packages: Any = fields.ListField(subfield=fields.StringField())
    allowed: Any = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Looks at the direct imports of each module."""
        allowed = {*sys.stdlib_module_names, *(self.allowed or ())}
        broken = sorted(
            f"{module} imports {imported}"
            for package in self.packages
            for module in (package, *graph.find_descendants(package))
            for imported in graph.find_modules_directly_imported_by(module)
            if not f"{imported}.".startswith(f"{package}.")
            and imported.split(".")[0] not in allowed
        )
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Prints one import a line."""
        _render(check)


class NoCircles(Contract):
    """No module of some packages imports itself by way of others."""

    packages: Any = fields.ListField(subfield=fields.StringField())
    ignore_imports: Any = fields.SetField(subfield=fields.ImportExpressionField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Looks for modules that reach themselves."""
        remove_ignored_imports(graph, self.ignore_imports, AlertLevel.ERROR)
        modules = {
            module
            for package in self.packages
            for module in (package, *graph.find_descendants(package))
        }
        imports = {
            module: graph.find_modules_directly_imported_by(module) & modules for module in modules
        }
        broken = [" <-> ".join(circle) for circle in circles(imports)]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Prints one circle a line."""
        _render(check)


def circles(imports: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Sets of modules each of which reaches all others of its set, sorted.

    Args:
        imports: a module -> what it imports directly; all of that are keys too.
    """
    reached = {module: _reached(module, imports) for module in imports}
    seen: set[str] = set()
    for module in sorted(imports):
        if module in reached[module] and module not in seen:
            circle = sorted(other for other in reached[module] if module in reached[other])
            seen.update(circle)
            yield circle


def _reached(module: str, imports: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    left = [*imports[module]]
    while left:
        other = left.pop()
        if other not in found:
            found.add(other)
            left += imports[other]
    return found


def _render(check: ContractCheck) -> None:
    lines: Any = check.metadata["broken"]
    for line in lines:
        output.print_error(line, bold=False)
