"""The report's page -> its whole script in one file, as a browser gets it, for the linter.

python -m tools.page_script build/page.js

Its files share their names, so only together do they show what is not declared or not used.
"""

from __future__ import annotations

import sys
from pathlib import Path

from stripe_saas.report.page import page_script


def main(target: Path) -> None:
    """Writes the script."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page_script(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
