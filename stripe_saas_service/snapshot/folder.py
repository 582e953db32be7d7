"""The snapshots of one company on disk: which is current, and which may go."""

from __future__ import annotations

import json
import shutil
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from stripe_saas_service.data_folder import write_private

_CURRENT = "current"
_ABOUT = "about.json"
_KEPT = 3
"""Who began to read the one before may still do so."""


@dataclass(frozen=True)
class About:
    """What is known of a snapshot besides its tables."""

    published_at: str
    """ISO 8601, UTC."""
    as_of_at: str | None
    """The moment of the last sync, ISO 8601, UTC."""
    account_id: str | None
    mode: str | None
    is_provisional: bool
    """Holds objects that a delivery made us read and that the ledger has not settled yet."""
    feed: str
    """Names the numbering of the ledger's rows; another one means that positions began anew."""


@dataclass(frozen=True)
class SnapshotFolder:
    """The folder of a company's snapshots."""

    path: Path

    def current(self) -> Path | None:
        """The folder of the newest snapshot, None if none was published."""
        try:
            name = (self.path / _CURRENT).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        return self.path / name

    def begin(self) -> Path:
        """An empty folder for the next snapshot."""
        folder = self.path / f"new-{uuid.uuid4().hex}"
        folder.mkdir(mode=0o700, parents=True)
        return folder

    def finish(self, folder: Path, about: About) -> Path:
        """Makes a folder the current snapshot, at once for all readers, and removes old ones."""
        (folder / _ABOUT).write_text(json.dumps(asdict(about)), encoding="utf-8")
        stamp = about.published_at.translate(str.maketrans("", "", "-:.+"))
        final = folder.with_name(f"{stamp}-{folder.name[-8:]}")
        folder.rename(final)
        write_private(self.path / _CURRENT, final.name)
        kept = sorted(each for each in self.path.iterdir() if each.is_dir())
        for old in [each for each in kept if not each.name.startswith("new-")][:-_KEPT]:
            shutil.rmtree(old, ignore_errors=True)
        return final


def about_of(folder: Path) -> About:
    """What is known of a snapshot."""
    return About(**json.loads((folder / _ABOUT).read_text(encoding="utf-8")))
