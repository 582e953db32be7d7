"""`python -m tools.model_docs FILE`: dbt's own pages of the models, as one file.

`dbt docs generate --static`: every model with its columns, tests, SQL and lineage. No warehouse is
asked; what dbt would read out of one, types and sizes, is not in it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import yaml

from stripe_saas.warehouse.models import PROFILE, PROJECT


def main() -> int:
    """Writes the file; 1 if dbt could not make it."""
    parser = argparse.ArgumentParser(prog="python -m tools.model_docs", description=__doc__)
    parser.add_argument("file", type=Path)
    return 0 if write_model_docs(parser.parse_args().file) else 1


def write_model_docs(file: Path) -> bool:
    """Whether dbt made its pages.

    Args:
        file: where they go, with the folders above it.
    """
    from dbt.cli.main import dbtRunner

    with tempfile.TemporaryDirectory(prefix="stripe-saas-docs-") as name:
        folder = Path(name)
        output = {"type": "duckdb", "path": ":memory:", "schema": "stripe_marts"}
        profile = {PROFILE: {"target": "docs", "outputs": {"docs": output}}}
        (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
        result = dbtRunner().invoke(
            [
                *("--quiet", "--no-send-anonymous-usage-stats", "--no-version-check"),
                *("--log-path", name),
                *("docs", "generate", "--static", "--empty-catalog"),
                *("--project-dir", str(PROJECT), "--profiles-dir", name),
                *("--target-path", str(folder / "target")),
            ]
        )
        if result.success:
            page = (folder / "target" / "static_index.html").read_text(encoding="utf-8")
            # Where this machine has the project, and had dbt's files, is nobody's business.
            for place in (str(PROJECT.parents[1]), name):
                page = page.replace(f"{place}/", "")
                page = page.replace(place, "")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(page, encoding="utf-8")
    return bool(result.success)


if __name__ == "__main__":
    sys.exit(main())
