"""The command line for people: its words, and what it says when something is missing."""

import subprocess
import sys
from importlib.util import find_spec
from types import ModuleType

import pytest

from stripe_saas import cli


@pytest.fixture
def command(monkeypatch):
    """Puts a command of one's own in the place of `sandbox`."""

    def replace(run):
        module = ModuleType("stand_in")
        module.add_arguments = lambda parser: parser.add_argument("--seed", type=int)
        module.run = run
        monkeypatch.setattr(cli.importlib, "import_module", lambda name: module)

    return replace


def test_a_command_gets_its_own_arguments_and_gives_the_exit_code(command):
    seen = []
    command(lambda arguments: seen.append(arguments.seed) or 3)
    assert cli.run(["sandbox", "--seed", "9"]) == 3
    assert seen == [9]


def test_a_package_that_is_not_installed_is_named_with_its_extra(command, capsys):
    def run(arguments):
        raise ModuleNotFoundError("No module named 'uvicorn'", name="uvicorn")

    command(run)
    assert cli.run(["sandbox"]) == 1
    assert capsys.readouterr().err == (
        "stripe-saas sandbox needs uvicorn, which is not installed: "
        "pip install 'source-stripe-saas[sandbox]'\n"
    )


def test_a_module_missing_for_any_other_reason_is_not_explained_away(command):
    def run(arguments):
        raise ModuleNotFoundError("No module named 'source_stripe_saas.nope'", name="nope")

    command(run)
    with pytest.raises(ModuleNotFoundError):
        cli.run(["sandbox"])


def test_an_interrupted_command_ends_without_a_traceback(command):
    def run(arguments):
        raise KeyboardInterrupt

    command(run)
    assert cli.run(["sandbox"]) == 130


def test_an_unknown_command_is_refused_with_the_known_ones(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.run(["sandcastle"])
    assert ended.value.code == 2
    assert "'sandbox', 'demo', " in capsys.readouterr().err


def test_help_loads_no_command(monkeypatch, capsys):
    def load(name):
        raise AssertionError(f"{name} was loaded for nothing")

    monkeypatch.setattr(cli.importlib, "import_module", load)
    with pytest.raises(SystemExit):
        cli.run(["--help"])
    assert "read a simulated company" in capsys.readouterr().out


# What an import or a statement that a signal broke off may leave behind: a reference that nobody
# drops. DuckDB's static destructor then waits for an interpreter that has ended.
_BROKEN_OFF = """
import ctypes, sys, types
import _duckdb, duckdb

ctypes.pythonapi.Py_IncRef(ctypes.py_object(_duckdb._clean_default_connection))
duckdb.connect().execute("select ?", [1]).fetchall()

from stripe_saas import cli

def run(arguments):
    print("stopping")
    raise KeyboardInterrupt

module = types.ModuleType("stand_in")
module.add_arguments = lambda parser: None
module.run = run
cli.importlib.import_module = lambda name: module
sys.argv[1:] = ["status"]
cli.main()
"""


def test_a_command_that_was_stopped_ends_whatever_its_libraries_hold():
    ended = subprocess.run(
        [sys.executable, "-c", _BROKEN_OFF],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (130, "stopping\n"), ended.stderr


_LOADED = """
import sys
from stripe_saas import cli

def run(arguments):
    import duckdb

    duckdb.connect().execute("select ?", [1]).fetchall()
    print(sys.modules.get("pandas"))
    return 0

import types

module = types.ModuleType("stand_in")
module.add_arguments = lambda parser: None
module.run = run
cli.importlib.import_module = lambda name: module
sys.argv[1:] = ["status"]
cli.main()
"""


def test_a_command_that_uses_duckdb_does_not_load_pandas():
    assert find_spec("pandas") is not None, "it comes with the CDK"
    ended = subprocess.run(
        [sys.executable, "-c", _LOADED], capture_output=True, text=True, timeout=120, check=True
    )
    assert ended.stdout == "None\n"
