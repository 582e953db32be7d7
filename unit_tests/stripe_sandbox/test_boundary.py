"""The sandbox borrows nothing from what it is there to test."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import stripe_sandbox

DIRECTORY = Path(stripe_sandbox.__file__).parent
ALLOWED = {"orjson", "starlette", "uvicorn"}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, path
            yield f"{node.module}"


def test_the_sandbox_imports_only_itself_its_http_stack_and_the_standard_library():
    seen = set()
    for path in DIRECTORY.rglob("*.py"):
        for name in imported(path):
            top = name.split(".")[0]
            if top != "stripe_sandbox" and top not in sys.stdlib_module_names:
                assert top in ALLOWED, (path.name, name)
            seen.add(top)
    assert seen >= ALLOWED
