"""The npm package of Apache ECharts, a tarball -> the copy in the package, and a note on it."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from stripe_saas.report.library import ASSETS, LIBRARY, NOTE

PACKAGE = "echarts"
SCRIPT = "package/dist/echarts.min.js"
LEGAL = {"package/LICENSE": "LICENSE-echarts.txt", "package/NOTICE": "NOTICE-echarts.txt"}


def store(tarball: Path) -> dict[str, str]:
    """Stores the library of an npm tarball; gives the note on it."""
    with tarfile.open(tarball) as package:
        description = json.loads(_content(package, "package/package.json"))
        script = _content(package, SCRIPT)
        for name, stored in LEGAL.items():
            (ASSETS / stored).write_bytes(_content(package, name))
    # No time in it, so that the same library gives the same bytes.
    LIBRARY.write_bytes(gzip.compress(script, compresslevel=9, mtime=0))
    note = {
        "name": description["name"],
        "version": description["version"],
        "licence": description["license"],
        "file": SCRIPT.removeprefix("package/"),
        "sha256": hashlib.sha256(script).hexdigest(),
    }
    NOTE.write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
    return note


def main() -> None:
    """Stores the tarball named on the command line, or what npm gives for the newest version."""
    if len(sys.argv) > 1:
        print(store(Path(sys.argv[1])))
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True)
        [tarball] = Path(folder).glob("*.tgz")
        print(store(tarball))


def _content(package: tarfile.TarFile, name: str) -> bytes:
    member = package.extractfile(name)
    assert member is not None, name
    return member.read()


if __name__ == "__main__":
    main()
