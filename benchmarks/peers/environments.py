"""A peer -> an interpreter that has it installed, in an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.measuring import Program
from benchmarks.server_process import ROOT

HOME = ROOT / ".cache" / "benchmarks"
SCRIPTS = Path(__file__).parent


class Unavailable(RuntimeError):
    """A peer that cannot be installed here."""


@dataclass(frozen=True)
class Peer:
    """A program that reads Stripe too."""

    name: str
    title: str
    script: str
    requirements: tuple[str, ...]
    imports: str
    """What it loads before it does anything of its own."""
    pythons: tuple[str, ...] = ()
    """Versions that it runs on; none: any."""

    def program(self, python: Path, *arguments: str | Path) -> Program:
        """Its script, to be run by one of its interpreters."""
        return Program(python, self.imports, str(SCRIPTS / self.script), arguments)

    @property
    def home(self) -> Path:
        """Its environment's folder."""
        return HOME / self.name


def _same(*names: str) -> tuple[str, ...]:
    """Packages in the versions that the connector runs with here."""
    return tuple(f"{name}=={version(name)}" for name in names)


LOOP = Peer(
    "loop",
    "requests + orjson loop",
    "requests_orjson.py",
    _same("requests", "urllib3", "orjson"),
    "requests,orjson",
)
PLAIN_CDK = Peer(
    "plain_cdk",
    f"CDK {version('airbyte-cdk')}, plain manifest",
    "plain_cdk.py",
    _same("airbyte-cdk", "requests", "urllib3", "orjson"),
    "airbyte_cdk.entrypoint",
)
DLT = Peer(
    "dlt",
    "dlt 1.31.0 with stripe 16.1.0, extract only",
    "dlt_stripe.py",
    ("dlt==1.31.0", "stripe==16.1.0", "requests"),
    "dlt,stripe",
)
DLT_DUCKDB = Peer(
    "dlt_duckdb",
    "dlt 1.31.0",
    "dlt_duckdb.py",
    ("dlt[duckdb]==1.31.0", "orjson", "requests"),
    "dlt",
)
PYAIRBYTE = Peer(
    "pyairbyte",
    "PyAirbyte 0.71.3",
    "pyairbyte_duckdb.py",
    ("airbyte==0.71.3",),
    "airbyte",
    ("3.12", "3.11", "3.10"),
)
OFFICIAL = Peer(
    "official",
    "official connector 5.14.1",
    "official.py",
    ("airbyte-source-stripe==5.14.1",),
    "airbyte_cdk.entrypoint",
    ("3.11", "3.10"),
)


def interpreter(peer: Peer, say: Callable[[str], None] = print) -> Path:
    """The interpreter of a peer's environment, which is made where it is missing.

    Raises:
        Unavailable: no Python that it runs on, or its packages cannot be had.
    """
    python, ready = peer.home / "bin" / "python", peer.home / "ready"
    base = _base(peer)
    wanted = "\n".join((base, *peer.requirements))
    if ready.exists() and ready.read_text() == wanted:
        return python
    say(f"installing {peer.title} into {peer.home.relative_to(ROOT)}")
    shutil.rmtree(peer.home, ignore_errors=True)
    peer.home.parent.mkdir(parents=True, exist_ok=True)
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (
        [base, "-m", "venv", str(peer.home)],
        [str(python), *pip, *peer.requirements],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Unavailable(f"{peer.title}: {done.stderr.strip()[-300:]}")
    ready.write_text(wanted)
    return python


def _base(peer: Peer) -> str:
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not peer.pythons or own in peer.pythons:
        return sys.executable
    for number in peer.pythons:
        found = shutil.which(f"python{number}")
        # Version managers leave shims on the path that only print what is not installed.
        if (
            found
            and subprocess.run([found, "-V"], capture_output=True, check=False).returncode == 0
        ):
            return found
    raise Unavailable(f"{peer.title}: needs Python {' or '.join(peer.pythons)}")
