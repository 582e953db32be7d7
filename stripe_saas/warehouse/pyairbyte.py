"""PyAirbyte, told to keep to this machine before it is loaded; or why it cannot be had."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

_TOO_NEW = (3, 13)


class NoPyAirbyte(Exception):
    """This interpreter cannot run PyAirbyte; the text says what to do."""


def load_pyairbyte(folder: Path) -> None:
    """Imports it: offline, without statistics, registry, log files and output of its own.

    Args:
        folder: what it writes besides the tables goes there.

    Raises:
        NoPyAirbyte: this Python is too new for it.
        ModuleNotFoundError: it is not installed.
    """
    if sys.version_info >= _TOO_NEW:
        raise NoPyAirbyte(
            f"stripe-saas sync writes by PyAirbyte, which supports Python below 3.13; this is "
            f"{sys.version_info.major}.{sys.version_info.minor}. Install source-stripe-saas"
            "[warehouse] for an older Python (the connector itself runs on both), or fill the "
            "warehouse by Airbyte: the models and the report work on that too."
        )
    os.environ.update(
        {
            "DO_NOT_TRACK": "1",
            "AIRBYTE_OFFLINE_MODE": "1",
            "AIRBYTE_PROJECT_DIR": str(folder),
            "AIRBYTE_CACHE_ROOT": str(folder / "cache"),
            "AIRBYTE_TEMP_DIR": str(folder),
            "AIRBYTE_LOGGING_ROOT": str(folder / "logs"),
            "NO_LIVE_PROGRESS": "1",
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import airbyte.logs

    # Otherwise each run announces a log file, on standard error, that is gone with the folder.
    airbyte.logs.AIRBYTE_LOGGING_ROOT = None
