"""docs/marts.md: current, and complete to the last column and variable."""

from pathlib import Path

from tools.generate_mart_docs import FILE, MARTS, VARIABLES, mart_docs, marts, variables


def test_the_committed_file_is_what_the_generator_writes():
    assert FILE.read_text(encoding="utf-8") == mart_docs()


def test_every_mart_is_described():
    assert {mart.name for mart in marts()} == {path.stem for path in Path(MARTS).glob("*.sql")}


def test_every_variable_is_explained():
    assert list(VARIABLES) == list(variables())


def test_every_mart_has_a_question_and_a_query_of_itself():
    for mart in marts():
        assert mart.question.endswith("?"), mart.name
        assert f"from {mart.name}" in mart.query, mart.name
