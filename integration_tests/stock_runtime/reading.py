"""The manifest alone, read by the CDK's own `source-declarative-manifest`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import source_stripe_saas
from integration_tests.connector import Connector, Run, decoded

MANIFEST = Path(source_stripe_saas.__file__).with_name("manifest.yaml")
_COMMAND = str(Path(sys.executable).with_name("source-declarative-manifest"))


def read_by_stock(
    connector: Connector, catalog: Mapping[str, Any], states: Sequence[Mapping[str, Any]] = ()
) -> Run:
    """Reads a catalog's streams without any code of the engine.

    Args:
        connector: whose config is used.
        catalog: configured.
        states: of an earlier read by the same runtime.
    """
    files = {"config": connector.config, "catalog": catalog}
    if states:
        files["state"] = list(states)
    words = [
        word for name, content in files.items() for word in (f"--{name}", connector.file(content))
    ]
    done = subprocess.run(
        [_COMMAND, "read", *words, "--manifest-path", str(MANIFEST)],
        # The CDK asks for it before it loads a class that a manifest names.
        env=os.environ | {"AIRBYTE_ENABLE_UNSAFE_CODE": "true"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    return Run(done.returncode, decoded(done.stdout))


def last_states(run: Run) -> list[dict[str, Any]]:
    """The last state of every stream, to go on from."""
    states = [message["state"] for message in run.of_type("STATE")]
    return list({each["stream"]["stream_descriptor"]["name"]: each for each in states}.values())
