"""Files on the command line -> a config, a catalog, a state, or an error that names the field.

The CDK would end in a traceback for some wrong files and ignore others (a stream that does not
exist gives exit code 0), so the files are checked before the CDK is loaded.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from source_stripe_saas import __name__ as package_name
from source_stripe_saas.config.settings import ConfigError

if TYPE_CHECKING:
    from airbyte_cdk.models import AirbyteStateMessage, ConfiguredAirbyteCatalog

COMMANDS = ("spec", "check", "discover", "read")
RUNTIMES = ("pages", "cdk")
"""What `read` can be done by; the first is the default."""

_LONGEST_PROBLEM = 200
_MOST_LEVELS = 100

_SYNC_MODES = ("full_refresh", "incremental")
_DESTINATION_SYNC_MODES = ("append", "overwrite", "append_dedup", "update", "soft_delete")


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The command and its files; exits with a usage text if they are wrong."""
    parser = argparse.ArgumentParser(prog=package_name.replace("_", "-"))
    commands = parser.add_subparsers(dest="command", required=True)
    helps = {
        "spec": "print which settings there are",
        "check": "say whether a sync would work with a config",
        "discover": "print the streams and their schemas",
        "read": "read streams and print their records",
    }
    for name in COMMANDS:
        command = commands.add_parser(name, help=helps[name])
        command.add_argument("--debug", action="store_true", help="more lines in the log")
        if name != "spec":
            command.add_argument("--config", required=True, help="JSON file with the settings")
        if name == "read":
            command.add_argument("--catalog", required=True, help="JSON file: streams to read")
            command.add_argument("--state", help="JSON file: the state a former sync ended with")
            command.add_argument(
                "--runtime",
                choices=RUNTIMES,
                default=RUNTIMES[0],
                help="who reads: the connector's engine (pages) or the CDK's own components (cdk)",
            )
    return parser.parse_args(list(arguments))


class InputError(ConfigError):
    """A file that cannot be used; names the field that is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.args = (self.args[0].removeprefix("Config field "),)


def _json_file(kind: str, path: str) -> Any:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(kind, f"cannot be read: {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(kind, f"is not a text in UTF-8: {path}.") from error
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(kind, f"is not valid JSON: {path}: {error}.") from error
    if _is_deeper_than(_MOST_LEVELS, content):
        # The CDK copies what it is given, level by level, until Python gives up.
        raise InputError(kind, f"is nested deeper than {_MOST_LEVELS} levels: {path}.")
    return content


def _is_deeper_than(levels: int, content: Any) -> bool:
    rest = [content]
    for _ in range(levels + 1):
        rest = [inner for outer in rest for inner in _inside(outer)]
    return bool(rest)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def load_config(path: str) -> dict[str, Any]:
    """The config as an object; its fields are checked by `settings.py`.

    Raises:
        InputError: it is not a JSON object.
    """
    content = _json_file("config", path)
    if not isinstance(content, dict):
        raise InputError("config", f"must be a JSON object, not {_kind(content)}.")
    return content


def load_catalog(path: str, known: Container[str] | None = None) -> dict[str, Any]:
    """The configured catalog as an object.

    Args:
        path: of its file.
        known: names of streams; None: a stream that does not exist is for `read` to report.

    Raises:
        InputError: it is not a configured catalog, or names another stream than these.
    """
    content = _json_file("catalog", path)
    streams = content.get("streams") if isinstance(content, dict) else None
    if not isinstance(streams, list):
        raise InputError("catalog", "must be a JSON object with a list `streams`.")
    seen: set[str] = set()
    for position, chosen in enumerate(streams):
        where = f"catalog.streams[{position}]"
        stream = chosen.get("stream") if isinstance(chosen, dict) else None
        name = stream.get("name") if isinstance(stream, dict) else None
        if not isinstance(name, str):
            raise InputError(f"{where}.stream.name", "is missing.")
        if known is not None and name not in known:
            raise InputError(f"{where}.stream.name", f"is {name!r}, and no stream has that name.")
        if name in seen:
            raise InputError(f"{where}.stream.name", f"is {name!r} for the second time.")
        seen.add(name)
        if chosen.get("sync_mode") not in _SYNC_MODES:
            raise InputError(f"{where}.sync_mode", f"must be one of {', '.join(_SYNC_MODES)}.")
        if chosen.get("destination_sync_mode") not in _DESTINATION_SYNC_MODES:
            allowed = ", ".join(_DESTINATION_SYNC_MODES)
            raise InputError(f"{where}.destination_sync_mode", f"must be one of {allowed}.")
    return dict(content)


def catalog_of(content: Mapping[str, Any]) -> ConfiguredAirbyteCatalog:
    """The CDK's own object for what `load_catalog` gave.

    Raises:
        InputError: a field that this connector does not use has a form that the CDK refuses.
    """
    from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer

    try:
        return ConfiguredAirbyteCatalogSerializer.load(dict(content))
    except Exception as error:  # several kinds, from a library in another language
        raise InputError("catalog", f"is not understood: {_in_one_line(error)}") from error


def states_of(content: Iterable[Mapping[str, Any]]) -> list[AirbyteStateMessage]:
    """The CDK's own objects for what `load_state` gave.

    Raises:
        InputError: a field that this connector does not use has a form that the CDK refuses.
    """
    from airbyte_cdk.models import AirbyteStateMessageSerializer

    states = []
    for position, entry in enumerate(content):
        try:
            states.append(AirbyteStateMessageSerializer.load(dict(entry)))
        except Exception as error:  # as above
            problem = f"is not understood: {_in_one_line(error)}"
            raise InputError(f"state[{position}]", problem) from error
    return states


def _in_one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= _LONGEST_PROBLEM else f"{text[:_LONGEST_PROBLEM]} …"


def load_state(path: str | None) -> list[dict[str, Any]]:
    """The state as a list of per-stream state messages.

    The file may hold a list, as the platform writes it, one message, or an empty object or list.

    Raises:
        InputError: it is none of these.
    """
    if path is None:
        return []
    content = _json_file("state", path)
    if isinstance(content, dict):
        content = [content] if content else []
    if not isinstance(content, list):
        raise InputError("state", f"must be a list of state messages, not {_kind(content)}.")
    return [_state_message(entry, position) for position, entry in enumerate(content)]


def _state_message(entry: Any, position: int) -> dict[str, Any]:
    where = f"state[{position}]"
    if not isinstance(entry, dict):
        raise InputError(where, f"must be a JSON object, not {_kind(entry)}.")
    if entry.get("type") == "STATE" and isinstance(entry.get("state"), dict):
        entry = entry["state"]  # a whole message as `read` prints it
    if entry.get("type") == "GLOBAL":
        return dict(entry)
    stream = entry.get("stream")
    if not isinstance(stream, dict):
        raise InputError(f"{where}.stream", "must be a JSON object.")
    descriptor = stream.get("stream_descriptor")
    if not isinstance(descriptor, dict) or not isinstance(descriptor.get("name"), str):
        raise InputError(f"{where}.stream.stream_descriptor.name", "is missing.")
    blob = stream.get("stream_state")
    if blob is not None and not isinstance(blob, dict):
        raise InputError(
            f"{where}.stream.stream_state", f"must be a JSON object, not {_kind(blob)}."
        )
    return {"type": "STREAM", "stream": {**stream, "stream_state": blob or {}}}


def _kind(value: Any) -> str:
    """What a JSON value is, in words."""
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
