"""The lock's packages asked about known vulnerabilities; what is known of them out, in lines.

pip-audit does the asking. Without a network it cannot, and whoever builds without one must not be
stopped by that: then the last line says that nothing was asked, and the exit code is 0.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LOCKS = ("requirements.txt", "requirements-dev.txt")
COULD_NOT_ASK = "audit: could not ask, no database of vulnerabilities can be reached from here"

_UNREACHABLE = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "ProxyError", "SSLError")
"""How pip-audit's complaints about a network begin or are caused."""

_ROOT = Path(__file__).parents[1]


def audit(locks: Sequence[str], options: Sequence[str] = ()) -> int:
    """Asks about every package of some locks and prints what is known.

    Args:
        locks: requirements files with hashes, by their paths below the project.
        options: further ones for pip-audit, such as another service.

    Returns:
        0 if nothing is known, or nobody could be asked; 1 if something is known; 2 if pip-audit
        itself failed.
    """
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", *options]
    for lock in locks:
        command += ["--requirement", str(_ROOT / lock)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report = json.loads(ended.stdout)
    except ValueError:
        lines = ended.stderr.strip().splitlines()
        if any(name in ended.stderr for name in _UNREACHABLE):
            print(COULD_NOT_ASK)
            return 0
        print(f"audit: pip-audit failed: {lines[-1] if lines else ended.returncode}")
        return 2
    asked = [package for package in report["dependencies"] if "skip_reason" not in package]
    skipped = [package for package in report["dependencies"] if "skip_reason" in package]
    if not asked:
        # Mirrors serve packages, but mostly nothing of what is known about them.
        print(COULD_NOT_ASK)
        return 0
    known = findings(asked)
    for line in [*known, *(f"{package['name']}: {package['skip_reason']}" for package in skipped)]:
        print(line)
    print(
        f"audit: {len(known)} known vulnerabilities in {len(asked)} packages, "
        f"{len(skipped)} more could not be asked about"
    )
    return 1 if known else 0


def findings(packages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Packages as pip-audit reports them -> a line for each vulnerability."""
    return [
        f"{package['name']} {package['version']}: {known['id']}, fixed in "
        + (", ".join(known["fix_versions"]) or "no version yet")
        for package in packages
        for known in package["vulns"]
    ]


def main() -> int:
    """Audits what the command line names, by default both locks."""
    parser = argparse.ArgumentParser(prog="audit", description=__doc__)
    parser.add_argument("locks", nargs="*", default=LOCKS)
    return audit(parser.parse_args().locks)


if __name__ == "__main__":
    sys.exit(main())
