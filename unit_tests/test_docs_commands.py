"""What the docs tell people to type exists."""

import argparse
import importlib
import re
from pathlib import Path

import pytest

from source_stripe_saas.protocol.arguments import COMMANDS as PROTOCOL_COMMANDS
from source_stripe_saas.streams.plans import load_plans
from stripe_saas.cli import COMMANDS

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
CODE = re.compile(r"^```\w*\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def code_in(path):
    """All code of a document, its line breaks kept, inline code on a line of its own."""
    found = CODE.finditer(path.read_text(encoding="utf-8"))
    return "\n".join(
        (block or "") + (inline or "") for block, inline in (m.groups() for m in found)
    )


def mentioned(pattern):
    """(document, word) for every match in the docs' code."""
    return sorted(
        {(path.name, word) for path in DOCS for word in re.findall(pattern, code_in(path))}
    )


def makefile_verbs():
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def parser_of(command):
    parser = argparse.ArgumentParser()
    importlib.import_module(COMMANDS[command].module).add_arguments(parser)
    return parser


MAKE = mentioned(r"\bmake ([a-z]+(?:-[a-z]+)*)")
STRIPE_SAAS = mentioned(r"(?<!source-)\bstripe-saas ([a-z]+(?:-[a-z]+)*)")
SOURCE = mentioned(r"\bsource-stripe-saas ([a-z]+)")


def test_the_readme_names_its_two_commands_and_both_programs():
    assert {("README.md", "demo"), ("README.md", "test")} <= set(MAKE)
    assert {("README.md", "sandbox"), ("README.md", "demo")} <= set(STRIPE_SAAS)
    assert {("README.md", "check"), ("README.md", "read")} <= set(SOURCE)


@pytest.mark.parametrize(("document", "verb"), MAKE)
def test_every_verb_that_the_docs_name_is_in_the_makefile(document, verb):
    assert verb in makefile_verbs()


@pytest.mark.parametrize(("document", "command"), STRIPE_SAAS)
def test_every_command_that_the_docs_name_exists(document, command):
    assert command in COMMANDS


@pytest.mark.parametrize(("document", "command"), SOURCE)
def test_every_protocol_command_that_the_docs_name_exists(document, command):
    assert command in PROTOCOL_COMMANDS


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_that_the_docs_give_to_a_command_exists(command):
    known = {option for action in parser_of(command)._actions for option in action.option_strings}
    lines = "\n".join(code_in(path) for path in DOCS).splitlines()
    used = {
        option
        for line in lines
        for call in re.findall(rf"(?<!source-)\bstripe-saas {command}\b([^|;#>]*)", line)
        for option in re.findall(r"(--[a-z-]+)", call)
    }
    assert used <= known


def test_every_option_that_the_docs_give_to_the_demo_by_make_exists():
    known = {option for action in parser_of("demo")._actions for option in action.option_strings}
    text = "\n".join(path.read_text(encoding="utf-8") for path in [*DOCS, ROOT / ".ci" / "run"])
    used = set(re.findall(r"DEMO=\"?(--[a-z]+)", text))
    assert used
    assert used <= known


def test_every_verb_of_the_makefile_tells_what_it_does():
    makefile = (ROOT / "Makefile").read_text()
    assert makefile_verbs() == set(re.findall(r"^([a-z-]+):.*## \w", makefile, re.MULTILINE))


def test_contributors_are_told_of_every_verb():
    told = {verb for document, verb in MAKE if document == "CONTRIBUTING.md"}
    assert makefile_verbs() - told == {"help"}


def test_the_docs_count_the_streams_right():
    streams = len(load_plans())
    assert f"and {streams - 6} streams more" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{streams} streams of Stripe" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document):
    targets = LINK.findall(document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_every_file_named_as_the_place_of_a_change_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("## Where to change what")[2].partition("\n## ")[0]
    rows = [line.split("|")[2:4] for line in table.splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 12
    lacking = [
        name
        for begin, then in rows
        for name in re.findall(
            r"`([\w./]+(?:\.(?:py|yaml|yml|sql|js|html|toml)|/))`", f"{begin} {then}"
        )
        if not _places(name, re.findall(r"`([\w./]+)/[\w.]*`", f"{begin} {then}"))
    ]
    assert lacking == []


def _places(name, folders):
    """Where a file or folder of that name is: at the top, in the connector, or beside another."""
    roots = [ROOT, ROOT / "source_stripe_saas"]
    roots += [root / folder for root in tuple(roots) for folder in folders]
    return [root / name for root in roots if (root / name).exists()]
