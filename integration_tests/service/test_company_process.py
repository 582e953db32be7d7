"""A company's work in a process of its own: warm, isolated, without a file that holds the key."""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from integration_tests.world import a_world
from stripe_saas.warehouse.database import connected, writing
from stripe_saas.warehouse.target import parse_target
from stripe_saas_service.snapshot.folder import SnapshotFolder, about_of
from stripe_saas_service.workflows.company_process import run
from stripe_saas_service.workflows.company_work import Work

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("world"), customers=12, months=3) as made:
        yield made


@pytest.fixture
def asked(world, tmp_path):
    return Work(
        world.connector.config, f"duckdb:///{tmp_path / 'w.duckdb'}", tmp_path / "snapshots"
    )


def test_it_reads_builds_and_publishes_and_tells_how_far_it_is(world, asked):
    told, started = [], []
    ended = run(asked, on_progress=told.append, on_start=started.append)
    assert ended.code == 0, ended.said
    assert ended.said.startswith("Complete: ")
    phases = [each["phase"] for each in told]
    assert list(dict.fromkeys(phases)) == ["reading", "models", "publishing"]
    with connected(parse_target(asked.warehouse), read_only=True) as database:
        held = {row["id"] for row in database.rows("select id from stripe_raw.customers")}
    assert held == set(world.truth.counts()["customers"]["ids"])
    snapshot = SnapshotFolder(asked.snapshots).current()
    assert snapshot is not None
    assert about_of(snapshot).account_id == world.account.account_id
    assert not started[0].is_alive()


def test_what_is_asked_for_shows_no_key(asked):
    assert str(asked.config["client_secret"]) not in repr(asked)


def test_a_refusal_is_told_without_the_key(world, tmp_path):
    config = {**world.connector.config, "client_secret": "sk_test_nobody", "num_workers": "many"}
    ended = run(Work(config, str(tmp_path / "w.duckdb"), tmp_path / "snapshots"))
    assert ended.code == 1
    assert "sk_test_nobody" not in ended.said


def test_no_file_and_no_command_line_holds_the_key_and_a_kill_leaves_no_process(world, asked):
    key = str(asked.config["client_secret"]).encode()
    seen: list[int] = []
    found: list[str] = []
    children: set[int] = set()

    def look(process):
        for _ in range(3000):
            children.update(below(process.pid))
            found.extend(holders_of(key, process.pid, Path(asked.warehouse[10:]).parent))
            if children:
                break
            time.sleep(0.01)
        process.kill()

    def start(process):
        seen.append(process.pid)
        threading.Thread(target=look, args=(process,)).start()

    ended = run(asked, on_start=start)
    assert ended.code != 0
    assert found == []
    with pytest.raises(ProcessLookupError):
        os.kill(seen[0], 0)
    assert children, "the connector was running"
    for _ in range(50):
        if not any(Path(f"/proc/{each}").exists() for each in children):
            break
        time.sleep(0.1)
    else:
        raise AssertionError("the connector goes on")
    with writing(parse_target(asked.warehouse)):
        pass  # nobody holds it


def below(pid):
    """The processes that a process has begun."""
    with suppress(OSError):
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    return []


def holders_of(key, pid, folder):
    """Files of a folder and of the process, and its command line, in which the key stands."""
    places = [Path(f"/proc/{pid}/cmdline"), Path(f"/proc/{pid}/environ"), *folder.rglob("*")]
    with suppress(OSError):
        places += list(Path(f"/proc/{pid}/fd").iterdir())
    found = []
    for place in places:
        with suppress(OSError):
            if place.is_file() and key in place.read_bytes():
                found.append(str(place))
    return found
