"""Which mistakes are made in a source, and what is left alone."""

import ast
import inspect
from pathlib import Path

import coverage
import pytest

from tools.mutants import coverage_map
from tools.mutants.mutations import mutants, mutated


def whats(source):
    return [mutant.what for mutant in mutants(source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", ["a < b -> None", "a < b -> a <= b"]),
        ("x = a + 1", ["a + 1 -> a - 1", "1 -> 2"]),
        ("KEPT = ('a', 'b')", ["('a', 'b') -> ('b',)", "('a', 'b') -> ('a',)"]),
        ("x = {'a': b}", ["{'a': b} -> {}"]),
        ("x = f(a, key=b)", ["f(a, key=b) -> f(a)"]),
        ("x = a and b", ["a and b -> a or b", "a and b -> b", "a and b -> a"]),
        ("id: Raw = _UNSET", ["id: Raw = _UNSET -> _id: Raw = _UNSET"]),
        ("x = a if b else c", ["a if b else c -> c if b else a"]),
        ("while a:\n    pass", ["while a -> while False"]),
        ("for a in b:\n    continue", ["continue -> break"]),
        ("if a:\n    b()", ["if a -> if False", "if a -> if True", "b() -> None"]),
    ],
    ids=str,
)
def test_a_mistake_is_made_at_a_time(source, expected):
    assert whats(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "def f(a: int = None) -> str:\n    'Doc.'",
        "raise ValueError(1)",
        "_log.info('x', 1)",
        "x = f'{a + 1}'",
        "from a import b",
        "assert a == 1",
    ],
    ids=str,
)
def test_texts_types_and_complaints_are_left_alone(source):
    assert whats(source) == []


def test_every_mutant_is_another_module_that_compiles():
    source = ast.unparse(ast.parse(inspect.getsource(ast)))[:20_000]
    source = source[: source.rindex("\ndef ")]
    found = list(mutants(source))
    assert len(found) > 100
    texts = {mutated(source, mutant) for mutant in found[::10]}
    assert len(texts) == len(found[::10])
    for text in texts:
        compile(text, "mutant", "exec")
    assert source not in texts


def test_a_mutant_names_the_function_that_it_is_in():
    [mutant] = mutants("class A:\n    def f(self):\n        return 1")
    assert (mutant.name, mutant.line) == ("A.f: 1 -> 2", 3)


def test_a_bar_in_the_id_of_a_test_does_not_cut_it(tmp_path, monkeypatch):
    data = coverage.CoverageData(str(tmp_path / "coverage"))
    data.set_context("tests.py::test_price[no number|a text]|run")
    data.add_lines({"price.py": [7]})
    data.write()
    (tmp_path / "seconds.json").write_text("{}")
    monkeypatch.setattr(coverage_map, "_DATA", tmp_path / "coverage")
    monkeypatch.setattr(coverage_map, "_SECONDS", tmp_path / "seconds.json")
    found = coverage_map.load().tests(Path("price.py"), 7, 7)
    assert found == ["tests.py::test_price[no number|a text]"]
