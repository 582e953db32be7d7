"""A wheel -> an environment that holds it and what it requires without extras, and nothing else.

The packages are linked from the running environment, so that no network is needed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from collections import defaultdict
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path
from zipfile import ZipFile

from packaging.markers import default_environment
from packaging.requirements import Requirement


def bare_environment(wheel: Path, folder: Path) -> Path:
    """Makes the environment; returns its `bin`.

    Args:
        wheel: is installed by pip, which asks no index.
        folder: a new one.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / version / "site-packages"
    _link(closure(requirements_of(wheel)), packages)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(folder)]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-deps", "--no-index", "--no-compile", str(wheel)],
        check=True,
        timeout=120,
    )
    return folder / "bin"


def requirements_of(wheel: Path) -> list[str]:
    """The `Requires-Dist` lines of a wheel's metadata."""
    with ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        text = archive.read(name).decode()
    return re.findall(r"^Requires-Dist: (.+)$", text, flags=re.MULTILINE)


def closure(requirements: Iterable[str]) -> dict[str, Distribution]:
    """Installed distributions that some requirements need, directly or not, by normal name."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    left = [(text, "") for text in requirements]
    while left:
        text, extra = left.pop()
        needed = Requirement(text)
        environment = {**default_environment(), "extra": extra}
        if needed.marker is not None and not needed.marker.evaluate(environment):
            continue
        installed = distribution(needed.name)
        name = _normal(needed.name)
        found[name] = installed
        for wanted in ("", *needed.extras):
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                left += [(each, wanted) for each in installed.requires or ()]
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _link(wanted: dict[str, Distribution], packages: Path) -> None:
    """Links each distribution's files; a folder that others share is not linked as a whole."""
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for each in distributions():
        for path in each.files or ():
            owners[path.parts[0]].add(_normal(each.name))
    for each in wanted.values():
        for path in each.files or ():
            top = path.parts[0]
            if top == "..":
                continue  # scripts and data outside of site-packages
            is_own = owners[top] <= wanted.keys() and "__pycache__" not in path.parts
            inner = Path(top) if is_own else Path(*path.parts)
            place = packages / inner
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(Path(str(each.locate_file(inner.as_posix()))))
