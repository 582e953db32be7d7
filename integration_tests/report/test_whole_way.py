"""Sync, models and report, by the commands that a user types: Postgres and DuckDB agree."""

import json
import re

import pytest

from integration_tests.warehouse.postgres import PASSWORD
from integration_tests.warehouse.syncing import a_warehouse
from stripe_saas import cli

pytestmark = pytest.mark.slow

# The syncs are a minute apart; what day it was is the same.
NOT_COMPARED = ("as_of",)


def reported(address, path):
    """What a report on a warehouse shows."""
    assert cli.run(["report", "--warehouse", address, "--out", str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    assert PASSWORD not in text
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
    return {name: value for name, value in data.items() if name not in NOT_COMPARED}


def in_one_order(value):
    """Rows without an order of their own, sorted; amounts as numbers, whole or not."""
    if isinstance(value, list):
        return sorted((in_one_order(each) for each in value), key=json.dumps)
    if isinstance(value, dict):
        return {name: in_one_order(each) for name, each in sorted(value.items())}
    return round(value, 6) if isinstance(value, float) else value


def test_a_report_from_postgres_shows_what_one_from_duckdb_shows(postgres, tmp_path, capsys):
    postgres_address = postgres.new_database()
    duckdb_address = f"duckdb:///{tmp_path / 'w.duckdb'}"
    found = {}
    with a_warehouse(tmp_path, customers=50, months=8, traceable=True) as world:
        config = world.world.connector.file(world.world.connector.config)
        for name, address in (("postgres", postgres_address), ("duckdb", duckdb_address)):
            assert cli.run(["sync", "--config", config, "--warehouse", address]) == 0
            assert cli.run(["status", "--warehouse", address]) == 0
            found[name] = in_one_order(reported(address, tmp_path / f"{name}.html"))
    assert found["duckdb"]["mrr_monthly"]
    for part, value in found["duckdb"].items():
        assert found["postgres"][part] == value, part
    said = capsys.readouterr()
    assert said.out.count("Models: built and tested") == 2
    assert PASSWORD not in said.out + said.err
