"""The folder of the service: for its user alone, and the places in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


@dataclass(frozen=True)
class DataFolder:
    """Where the service keeps what it must not lose."""

    root: Path

    @classmethod
    def made(cls, root: Path | None = None) -> DataFolder:
        """Makes the folder, closed to other users, if it is not there.

        Args:
            root: its path; None: the user's data folder.

        Raises:
            OSError: it cannot be made or closed to others.
        """
        path = (root or Path(platformdirs.user_data_dir("stripe-saas"))).expanduser().absolute()
        folder = cls(path)
        for each in (path, folder.warehouses, folder.snapshots, folder.keys):
            each.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            each.chmod(_FOLDER_MODE)
        return folder

    @property
    def store(self) -> Path:
        """The SQLite file, where the store is one."""
        return self.root / "store.sqlite"

    @property
    def keys(self) -> Path:
        """Holds the key file."""
        return self.root / "keys"

    @property
    def warehouses(self) -> Path:
        """Holds a DuckDB file a company."""
        return self.root / "warehouses"

    @property
    def snapshots(self) -> Path:
        """Holds a folder a company, in which what pages and the API read is published."""
        return self.root / "snapshots"


def write_private(path: Path, content: str) -> None:
    """Writes a file for its owner alone, whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def touch_private(path: Path) -> None:
    """Makes an empty file for its owner alone, or closes the one that is there to others."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, _FILE_MODE))
    path.chmod(_FILE_MODE)
