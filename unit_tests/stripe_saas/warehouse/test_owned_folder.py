"""Temporary folders: for their owner alone, gone with it, and removed later if it was killed."""

import stat
import subprocess
import sys
import tempfile

import pytest

from stripe_saas.warehouse.owned_folder import files_for_owner, owned_folder

HOLDER = """
import sys
from stripe_saas.warehouse.owned_folder import owned_folder
with owned_folder() as folder:
    (folder / "data").write_text("x")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_a_folder_is_for_its_owner_alone_and_gone_in_the_end(temporary):
    with owned_folder() as folder:
        assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
        (folder / "data").write_text("x")
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_killed_process_is_removed_by_the_next_and_that_of_a_living_one_stays(
    temporary,
):
    command = [sys.executable, "-c", HOLDER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        subprocess.Popen(command, **pipes) as living,
        subprocess.Popen(command, **pipes) as killed,
    ):
        folders = [process.stdout.readline().strip() for process in (living, killed)]
        killed.kill()
        killed.wait()
        with owned_folder() as ours:
            left = {str(path) for path in temporary.glob("*/files")}
            assert left == {folders[0], str(ours)}
        living.stdin.close()
        assert living.wait(10) == 0
    assert list(temporary.iterdir()) == []


def test_folders_of_others_stay(temporary):
    (temporary / "stripe-saas-other").mkdir()
    with owned_folder():
        pass
    assert [path.name for path in temporary.iterdir()] == ["stripe-saas-other"]


def test_files_are_made_for_their_owner_while_it_is_asked_for(temporary):
    with files_for_owner():
        (temporary / "within").touch()
    (temporary / "after").touch()
    assert stat.S_IMODE((temporary / "within").stat().st_mode) == 0o600
    assert stat.S_IMODE((temporary / "after").stat().st_mode) & 0o044
