"""PyAirbyte, a client of its own: reads the main streams from the console script into DuckDB."""

import pytest

from integration_tests.connector import CONSOLE_SCRIPT, MAIN_STREAMS
from integration_tests.world import a_world


@pytest.fixture
def airbyte(tmp_path, monkeypatch):
    """The package, told to keep to this machine and to this test's folder before it is loaded."""
    for name, value in {
        "DO_NOT_TRACK": "1",
        "AIRBYTE_OFFLINE_MODE": "1",
        "AIRBYTE_PROJECT_DIR": tmp_path,
        "AIRBYTE_CACHE_ROOT": tmp_path / "cache",
        "AIRBYTE_TEMP_DIR": tmp_path,
        "AIRBYTE_LOGGING_ROOT": tmp_path / "logs",
        "NO_LIVE_PROGRESS": "1",
    }.items():
        monkeypatch.setenv(name, str(value))
    import airbyte

    return airbyte


def tables(result):
    """Stream -> id -> status, without the deleted."""
    found = {}
    for name in MAIN_STREAMS:
        # Only what can be deleted has the column `is_deleted`, and customers have no `status`.
        rows = [dict(row) for row in result[name]]
        found[name] = {row["id"]: row.get("status") for row in rows if not row.get("is_deleted")}
    return found


def truth_of(world):
    counts = world.truth.counts()
    return {
        name: {
            key: row.get("status")
            for key, row in world.truth.objects(name, counts[name]["ids"]).items()
        }
        for name in MAIN_STREAMS
    }


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_pyairbyte_keeps_the_main_streams_in_duckdb_up_to_date(airbyte, tmp_path):
    with a_world(tmp_path) as world:
        source = airbyte.get_source(
            "source-stripe-saas",
            config=world.connector.config,
            local_executable=CONSOLE_SCRIPT,
            streams=list(MAIN_STREAMS),
        )
        cache = airbyte.new_local_cache("stripe", cache_dir=tmp_path / "duckdb", cleanup=False)
        first = source.read(cache=cache)
        assert tables(first) == truth_of(world)
        everything = sum(len(rows) for rows in tables(first).values())
        assert first.processed_records == everything
        world.advance(7)
        second = source.read(cache=cache)
        assert tables(second) == truth_of(world)
        assert 0 < second.processed_records < everything / 2
