"""A resource's name -> its content, from a checkout as well as from an installed wheel.

`spec.yaml` and `schemas/` are at the top of the repository in a checkout, and inside the package in
a wheel.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_PACKAGE = Path(__file__).parents[1]

_STREAM = re.compile(r"#/definitions/streams/(\w+)")

# Ten times as fast as the loader in Python, where PyYAML was built with it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _locate(name: str) -> Path:
    """The path of a file or folder in the package or, in a checkout, beside it."""
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name


def _read_yaml(path: Path) -> dict[str, Any]:
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    assert isinstance(content, dict), f"{path.name} is not a mapping"
    return content


def manifest() -> dict[str, Any]:
    """The low-code manifest, freshly read (the CDK changes what it is given)."""
    content: dict[str, Any] = json.loads(_manifest_text())
    return content


def manifest_of(names: Iterable[str]) -> dict[str, Any]:
    """The manifest cut to some streams, and the parents that they name, freshly read.

    The CDK resolves and validates all that it is given, 0.7 CPU seconds for the whole.

    Args:
        names: of streams; those that the manifest lacks are passed over. A manifest without any
            stream is not valid, so where none is left it has the first.
    """
    content = manifest()
    every: dict[str, Any] = content["definitions"]["streams"]
    entries = {_STREAM.findall(entry["$ref"])[0]: entry for entry in content["streams"]}
    chosen = [name for name in entries if name in set(names)] or list(entries)[:1]
    needed = list(chosen)
    for name in needed:
        parents = _STREAM.findall(json.dumps(every[name]))
        needed += [parent for parent in dict.fromkeys(parents) if parent not in needed]
    content["definitions"]["streams"] = {name: every[name] for name in needed}
    content["streams"] = [entries[name] for name in chosen]
    return content


@cache
def _manifest_text() -> str:
    """The manifest as JSON, which is parsed twenty times as fast as YAML."""
    return json.dumps(_read_yaml(_PACKAGE / "manifest.yaml"))


@cache
def spec() -> dict[str, Any]:
    """The connector's specification (`spec.yaml`)."""
    return _read_yaml(_locate("spec.yaml"))


@cache
def schema(stream: str) -> dict[str, Any]:
    """A stream's JSON Schema.

    Raises:
        FileNotFoundError: there is no schema of that name.
    """
    path = _locate("schemas") / f"{stream}.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
