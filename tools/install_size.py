"""`python -m tools.install_size [REVISION]` -> packages and megabytes of an installation, by extra.

Each is installed into an environment of its own, in the versions of the lock, and measured there;
REVISION installs that one of this repository instead, by its own lock. pip itself is not counted.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXTRAS = ("", "warehouse")
_PIN = re.compile(r"^([A-Za-z0-9._-]+==[^\s;\\]+)(\s*;[^\\\n]*[^\\\s])?", re.MULTILINE)
_OF_VENV = {"pip", "setuptools", "wheel"}


def main(arguments: Sequence[str]) -> int:
    """Prints a line an extra."""
    with tempfile.TemporaryDirectory(prefix="install-size-") as folder:
        source = _exported(arguments[0], Path(folder)) if arguments else ROOT
        for extra in EXTRAS:
            packages, megabytes = measured(source, extra, Path(folder))
            print(f"{extra or 'base'}: {packages} packages, {megabytes:.0f} MB")
    return 0


def measured(source: Path, extra: str, folder: Path) -> tuple[int, float]:
    """Number of distributions, and megabytes of their files, with compiled code.

    Args:
        source: a checkout.
        extra: of `pyproject.toml`; empty: none.
        folder: for the environment.
    """
    place = folder / f"with-{extra or 'nothing'}"
    venv.create(place, with_pip=True)
    constraints = folder / "constraints.txt"
    constraints.write_text(pins((source / "requirements-dev.txt").read_text(encoding="utf-8")))
    wanted = f"{source}[{extra}]" if extra else str(source)
    pip = [str(place / "bin/python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--constraint", str(constraints), wanted], check=True)
    [packages] = place.glob("lib/python*/site-packages")
    names = {each.name.partition("-")[0].lower() for each in packages.glob("*.dist-info")}
    files = [
        each
        for each in packages.rglob("*")
        if each.is_file() and each.relative_to(packages).parts[0].partition("-")[0] not in _OF_VENV
    ]
    return len(names - _OF_VENV), sum(each.stat().st_size for each in files) / 1e6


def pins(lock: str) -> str:
    """The versions of a lock file, without its hashes."""
    return "".join(f"{name}{marker or ''}\n" for name, marker in _PIN.findall(lock))


def _exported(revision: str, folder: Path) -> Path:
    place = folder / "checkout"
    place.mkdir()
    archive = subprocess.run(
        ["git", "-C", ROOT, "archive", revision], capture_output=True, check=True
    )
    subprocess.run(["tar", "-x", "-C", place], input=archive.stdout, check=True)
    return place


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
