"""A raw query string in; checked parameters out, or the refusal Stripe answers with.

Which parameters a route knows, and of what type, stands in Stripe's specification.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from stripe_sandbox.refusals import bad_request

Parameters = dict[str, Any]
"""Name -> text, list of texts, or {key: text}, with the types of the specification applied."""

_NAME = re.compile(r"^([^\[\]]+)(?:\[([^\[\]]*)\])?$")
_INTEGER = re.compile(r"^[+-]?\d{1,18}$")
RANGE_KEYS = ("gt", "gte", "lt", "lte")


def parse(raw: str, known: dict[str, dict[str, Any]]) -> Parameters:
    """Parses and checks a query string.

    Args:
        raw: the query string as sent.
        known: name -> schema of the parameters that the route takes.

    Raises:
        Refusal: a parameter is unknown, malformed, missing or not of its type.
    """
    found: dict[str, Any] = {}
    unknown: list[str] = []
    for name, value in parse_qsl(raw, keep_blank_values=True):
        matched = _NAME.match(name)
        base, key = (matched[1], matched[2]) if matched else (name, None)
        if base not in known:
            unknown.append(name)
        elif key is None:
            found[base] = value
        elif key == "" or key.isdigit():
            _branch(found, base, list).append(value)
        else:
            _branch(found, base, dict)[key] = value
    if unknown:
        noun = "parameters" if len(unknown) > 1 else "parameter"
        raise bad_request(
            f"Received unknown {noun}: {', '.join(unknown)}",
            code="parameter_unknown",
            param=unknown[0],
        )
    return {name: _typed(name, value, known[name]["schema"]) for name, value in found.items()}


def require(parameters: Parameters, names: list[str]) -> None:
    """Refuses a request that lacks a required parameter."""
    for name in names:
        if name not in parameters:
            raise bad_request(
                f"Missing required param: {name}.", code="parameter_missing", param=name
            )


def _branch(found: dict[str, Any], base: str, kind: type) -> Any:
    if not isinstance(found.get(base), kind):
        found[base] = kind()
    return found[base]


def _typed(name: str, value: Any, schema: dict[str, Any]) -> Any:
    """The value as the specification types it."""
    options = schema.get("anyOf", [schema])
    objects = [option for option in options if option.get("type") == "object"]
    if isinstance(value, dict):
        if not objects:
            raise bad_request(f"Invalid {name}", param=name)
        return {key: _member(name, key, text, objects[0]) for key, text in value.items()}
    scalars = [option for option in options if option.get("type") != "object"]
    if not scalars:
        raise bad_request(f"Invalid object: {value}", param=name)
    if scalars[0].get("type") == "array":
        entries = value if isinstance(value, list) else [value]
        return [_scalar(name, entry, scalars[0]["items"]) for entry in entries]
    if isinstance(value, list):
        raise bad_request(f"Invalid string: {value}", param=name)
    return _scalar(name, value, scalars[0])


def _member(name: str, key: str, text: str, schema: dict[str, Any]) -> Any:
    path = f"{name}[{key}]"
    content = schema.get("properties", {}).get(key)
    if content is None:
        raise bad_request(
            f"Received unknown parameter: {path}", code="parameter_unknown", param=path
        )
    return _scalar(path, text, content)


def _scalar(name: str, text: str, schema: dict[str, Any]) -> Any:
    if text == "":
        raise bad_request(
            f"You passed an empty string for '{name}'.", code="parameter_invalid_empty", param=name
        )
    kind = schema.get("type")
    if kind == "integer":
        if not _INTEGER.match(text):
            raise bad_request(
                f"Invalid integer: {text}", code="parameter_invalid_integer", param=name
            )
        return int(text)
    if kind == "boolean":
        if text not in ("true", "false"):
            raise bad_request(f"Invalid boolean: {text}", param=name)
        return text == "true"
    allowed = schema.get("enum")
    if allowed and text not in allowed:
        choice = f"{', '.join(allowed[:-1])}, or {allowed[-1]}" if len(allowed) > 1 else allowed[0]
        raise bad_request(f"Invalid {name}: must be one of {choice}", param=name)
    return text
