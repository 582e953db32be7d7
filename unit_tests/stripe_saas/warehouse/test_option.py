import argparse

import pytest

from stripe_saas.cli import COMMANDS
from stripe_saas.warehouse.places import DEFAULT_WAREHOUSE
from unit_tests.test_docs_commands import parser_of

FORMER = {"sync": "--into", "models": "--into", "report": "--from", "status": "--from"}
REQUIRED = {"sync": ["--config", "c.json"]}


def parsed(command, *words) -> argparse.Namespace:
    return parser_of(command).parse_args([*REQUIRED.get(command, []), *words])


@pytest.mark.parametrize("command", FORMER)
def test_the_warehouse_is_named_by_one_option_in_every_command(command, capsys):
    assert parsed(command).warehouse == DEFAULT_WAREHOUSE
    assert parsed(command, "--warehouse", "w.duckdb").warehouse == "w.duckdb"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("command", "former"), FORMER.items())
def test_the_former_name_is_accepted_with_a_note_and_not_in_the_help(command, former, capsys):
    assert parsed(command, former, "w.duckdb").warehouse == "w.duckdb"
    assert capsys.readouterr().err == f"{former} is called --warehouse now.\n"
    assert former not in parser_of(command).format_help()


def test_no_command_has_another_name_for_a_warehouse():
    for command in COMMANDS:
        text = parser_of(command).format_help()
        assert ("duckdb:///" in text) == ("--warehouse" in text)
