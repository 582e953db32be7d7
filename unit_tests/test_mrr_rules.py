"""Rule numbers in code, SQL, tests and docs, held together with docs/mrr_rules.md."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "docs" / "mrr_rules.md"

_NUMBER = re.compile(r"\bM([1-9][0-9]?[a-z]?)\b(?!\.[a-z])")
_ANCHOR = re.compile(r'<a id="m([0-9]+[a-z]?)"></a>\n### M\1\. ')
_ADDRESS = re.compile(r"mrr_rules\.md#m([0-9]+[a-z]?)")
_KINDS = {".py", ".sql", ".yml", ".yaml", ".md"}
_NAMED_BY_CODE = ("source_stripe_saas/", "stripe_saas/", "unit_tests/", "integration_tests/")


def tracked() -> dict[str, str]:
    """The text of each file that may name a rule, by its path."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    paths = [name for name in listed.split("\0") if Path(name).suffix in _KINDS]
    return {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in paths
        if (ROOT / name).exists() and name != "docs/mrr_rules.md"
    }


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    if not (ROOT / ".git").exists():
        pytest.skip("which files belong to the project is git's to say")
    return tracked()


@pytest.fixture(scope="module")
def defined() -> list[str]:
    return _ANCHOR.findall(BOOK.read_text(encoding="utf-8"))


def test_each_rule_is_defined_once_and_every_heading_has_its_anchor(defined):
    headings = re.findall(r"^### M([0-9]+[a-z]?)\.", BOOK.read_text(encoding="utf-8"), re.M)
    assert defined == headings
    assert len(set(defined)) == len(defined) > 60


def test_every_rule_that_is_named_anywhere_is_defined(texts, defined):
    unknown = {
        f"{name}: M{number}"
        for name, text in texts.items()
        for number in _NUMBER.findall(text) + _ADDRESS.findall(text)
        if number not in defined
    }
    assert not unknown


def test_every_rule_is_named_by_code_or_a_test(texts, defined):
    named = {
        number
        for name, text in texts.items()
        if name.startswith(_NAMED_BY_CODE)
        for number in _NUMBER.findall(text)
    }
    assert sorted(set(defined) - named) == []


def test_links_within_the_book_lead_to_a_rule(defined):
    links = re.findall(r"\]\(#m([0-9]+[a-z]?)\)", BOOK.read_text(encoding="utf-8"))
    assert len(links) > 30
    assert set(links) <= set(defined)
