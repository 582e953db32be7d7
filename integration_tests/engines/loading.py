"""The dbt project as another tool loads it: does its plan hold every model?

    python -m integration_tests.engines.loading sqlmesh --python PYTHON

PYTHON is one in whose environment `sqlmesh.txt` of this folder is installed. The raw tables are
those of a small simulated company, in DuckDB.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from integration_tests.warehouse.building import PROJECT
from integration_tests.warehouse.raw_tables import load_duckdb
from integration_tests.warehouse.sandbox_records import records_of
from stripe_sandbox.account import open_account

TOOLS = ("sqlmesh",)


def main() -> int:
    """Loads the project and plans a build; 1 if anything is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool", choices=TOOLS)
    parser.add_argument("--python", required=True, help="of the tool's environment")
    arguments = parser.parse_args()
    account = open_account("company", seed=5, customers=20, months=6)
    side = Path(__file__).with_name(f"{arguments.tool}_side.py")
    with tempfile.TemporaryDirectory(prefix="stripe-saas-engine-") as name:
        folder = Path(name)
        load_duckdb(folder / "stripe.duckdb", folder, records_of(account), account.store.now)
        (folder / "variables.json").write_text(json.dumps({}), encoding="utf-8")
        python = str(Path(arguments.python).absolute())
        command = [python, str(side), str(folder), str(PROJECT)]
        return subprocess.run(command, cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
