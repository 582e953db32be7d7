import argparse
import io

import pytest

from stripe_saas import cli
from stripe_saas.warehouse.command import seconds_of
from stripe_saas.warehouse.progress import SyncProgress
from stripe_saas.warehouse.sync_log import StreamEnd, status_of


@pytest.mark.parametrize(
    ("text", "seconds"), [("45s", 45), ("30m", 1800), ("6h", 21_600), ("1d", 86_400)]
)
def test_spans_of_time_have_a_unit(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "0m", "-1h", "m", "1w"])
def test_other_spans_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        seconds_of(text)


@pytest.mark.parametrize("package", ["duckdb", "psycopg", "filelock", "dbt"])
def test_a_missing_package_is_named_with_its_extra(package, monkeypatch, capsys):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)

    monkeypatch.setattr(cli.importlib, "import_module", missing)
    assert cli.run(["sync", "--config", "x"]) == 1
    assert "pip install 'source-stripe-saas[warehouse]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("is_complete", "error", "status"),
    [
        ([True, True], None, "complete"),
        ([True, False], None, "incomplete"),
        ([True, True], "the disk is full", "incomplete"),
        ([False, False], None, "failed"),
        ([], "no connection", "failed"),
    ],
)
def test_a_sync_is_as_good_as_its_streams(is_complete, error, status):
    assert status_of([StreamEnd("s", each, 0) for each in is_complete], error) == status


def test_progress_off_a_terminal_is_whole_lines():
    out = io.StringIO()
    with SyncProgress(out) as progress:
        progress.begin(2)
        for _ in range(1200):
            progress.record("customers")
        progress.stream_ended("customers", None)
        progress.stream_ended("invoices", "no permission")
    assert out.getvalue().splitlines() == [
        "  customers                          1,200 records",
        "  invoices                               0 records  incomplete: no permission",
    ]
    assert "2 of 2 streams  1,200 records" in progress.summary()


def test_what_is_left_is_told_where_the_size_is_known(monkeypatch):
    progress = SyncProgress(io.StringIO())
    progress.begin(1, expected=400)
    for _ in range(100):
        progress.record("customers")
    monkeypatch.setattr(SyncProgress, "seconds", 30.0)
    assert "about 1:30 left" in progress.summary()
