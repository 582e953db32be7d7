"""The wheel and the editable install: both hold all that the connector reads, and say the same.

Without extras the wheel is the connector alone, as Airbyte runs it.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from integration_tests.bare_environment import bare_environment
from integration_tests.connector import decoded, run_process

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from this checkout, without any network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "from hatchling.build import build_wheel; import sys; print(build_wheel(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", build, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return folder / built.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder outside the checkout that the wheel was installed into, without what it needs."""
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run(
        [*pip, "--no-deps", "--no-index", "--no-compile", "--target", str(target), str(wheel)],
        check=True,
        timeout=120,
    )
    return target


def output_of(target, *command):
    """What a console script of an install prints, run from a folder that is not the checkout."""
    environment = {**os.environ, "PYTHONPATH": str(target)} if target else dict(os.environ)
    ended = subprocess.run(
        command,
        cwd=target or "/",
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def script(folder, name):
    """The command of a console script; started by the interpreter whose packages it needs."""
    return [sys.executable, str(folder / name)]


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"client_secret": "rk_test_nothingissent"}', encoding="utf-8")
    return str(path)


def test_the_wheel_carries_specification_manifest_every_schema_and_the_models(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    inside = {name.removeprefix("source_stripe_saas/") for name in names}
    assert {"spec.yaml", "manifest.yaml"} <= inside
    schemas = {f"schemas/{path.name}" for path in (ROOT / "schemas").glob("*.json")}
    assert len(schemas) > 50
    assert schemas <= inside
    project = ROOT / "stripe_saas" / "dbt"
    models = {
        f"stripe_saas/dbt/{path.relative_to(project).as_posix()}"
        for kind in ("*.sql", "*.yml", "*.csv")
        for path in project.rglob(kind)
    }
    assert "stripe_saas/dbt/dbt_project.yml" in models
    assert len(models) > 80
    assert models <= names
    assert not [name for name in names if name.startswith(("unit_tests", "integration_tests"))]


def test_the_wheel_and_the_checkout_print_the_same_specification(installed):
    from_wheel = output_of(installed, *script(installed / "bin", "source-stripe-saas"), "spec")
    from_checkout = output_of(
        None, *script(Path(sys.executable).parent, "source-stripe-saas"), "spec"
    )
    assert from_wheel == from_checkout
    [message] = decoded(from_wheel)
    assert message["type"] == "SPEC"


def test_the_wheel_and_the_checkout_discover_the_same_streams(installed, config):
    def catalog(target, folder):
        arguments = ("discover", "--config", config)
        printed = output_of(target, *script(folder, "source-stripe-saas"), *arguments)
        [found] = [m["catalog"] for m in decoded(printed) if m["type"] == "CATALOG"]
        return found

    from_wheel = catalog(installed, installed / "bin")
    from_checkout = catalog(None, Path(sys.executable).parent)
    assert from_wheel == from_checkout
    names = [stream["name"] for stream in from_wheel["streams"]]
    assert names[:6] == ["customers", "subscriptions", "invoices", "charges", "refunds", "payouts"]


def test_the_wheel_runs_its_own_package_not_the_checkouts(installed):
    where = "import source_stripe_saas; print(source_stripe_saas.__file__)"
    printed = output_of(installed, sys.executable, "-c", where)
    assert Path(printed.strip()).is_relative_to(installed)


def test_the_peoples_command_is_installed_too(installed):
    printed = output_of(installed, *script(installed / "bin", "stripe-saas"), "--help")
    for verb in ("sandbox", "demo"):
        assert verb in printed


# -- without extras ------------------------------------------------------------------------------

OF_EXTRAS = ("airbyte", "dbt", "duckdb", "psycopg2", "starlette", "uvicorn", "pytest", "mypy")


@pytest.fixture(scope="module")
def bare(wheel, tmp_path_factory):
    """Runs a command of an environment that has the wheel without extras, and nothing else."""
    scripts = bare_environment(wheel, tmp_path_factory.mktemp("bare"))
    folder = tmp_path_factory.mktemp("elsewhere")

    def run(name, *arguments):
        outside = {"PYTHONPATH": "", "PYTHONNOUSERSITE": "1"}
        return run_process(arguments, [str(scripts / name)], env=outside, cwd=folder, timeout=120)

    return run


def test_without_extras_there_is_nothing_of_the_warehouse_the_sandbox_or_the_tests(bare):
    code = (
        "import json, sys; from importlib.util import find_spec;"
        f"found = [name for name in {OF_EXTRAS!r} if find_spec(name)];"
        "import source_stripe_saas;"
        "log = [sys.prefix, source_stripe_saas.__file__, found];"
        'print(json.dumps({"type": "LOG", "log": log}))'
    )
    [(prefix, package, found)] = bare("python", "-c", code).logs
    assert Path(package).is_relative_to(prefix)
    assert found == []


def test_without_extras_the_connector_specifies_checks_discovers_and_reads(bare, company):
    """The sandbox runs in another environment: this one could not start it."""
    files, here = company.connector, company.connector
    config = files.file(files.config)
    assert bare("source-stripe-saas", "spec").of_type("SPEC")
    checked = bare("source-stripe-saas", "check", "--config", config)
    assert checked.connection["status"] == "SUCCEEDED"
    discovered = bare("source-stripe-saas", "discover", "--config", config)
    [catalog] = discovered.of_type("CATALOG")
    assert catalog["catalog"]["streams"] == here.streams
    names = ("customers", "subscriptions", "invoices", "subscription_events")
    read = bare("source-stripe-saas", *here.read_arguments(names=names))
    read.assert_complete()
    same = here.read(names=names)
    assert {name: len(rows) for name, rows in read.records.items()} == {
        name: len(rows) for name, rows in same.records.items()
    }
    assert all(read.records[name] for name in names)


def test_without_the_warehouse_extra_the_peoples_command_names_it(bare):
    ended = bare("stripe-saas", "sync", "--config", "config.json")
    assert ended.code != 0
    assert "[warehouse]" in ended.stderr
