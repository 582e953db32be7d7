"""A config -> its fields as `spec.yaml` describes them, or the first field that is wrong.

JSON Schema does the checking. What stands here is what it does not do: fields that a form left
empty count as not given, and an error is one line with the field, its value and what is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft7Validator, ValidationError

from source_stripe_saas.config import resources

_LONGEST_SHOWN = 100
"""Characters of a value in an error."""

_KINDS = {
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "an object",
}

_NEEDED_OF_CREDENTIALS = ("auth_type", "client_secret", "refresh_token")

_TEXT_OR_NUMBER = ("weeks_per_year", "days_per_year", "switch_window_hours")
"""Options of `mrr` that may be written either way; a form knows one of them."""


def filled_in(config: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that hold something, texts without blanks around them; objects likewise."""
    fields: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, str):
            value = value.strip()
        elif isinstance(value, Mapping):
            value = filled_in(value)
        if value is not None and value != "":
            fields[name] = value
    # Platforms that cannot tell an empty object from an empty list send the latter.
    if not fields.get("personal_data_by_class", True):
        del fields["personal_data_by_class"]
    return fields


def first_problem(fields: Mapping[str, Any]) -> tuple[str, str] | None:
    """The field that the specification does not allow, and why.

    Args:
        fields: of `filled_in`.

    Returns:
        (the field with dots for what is inside it, the rest of a sentence about it), the first in
        the order of the specification; None if there is none.
    """
    if "client_secret" in fields:
        # With a key nothing else counts.
        fields = {name: value for name, value in fields.items() if name != "credentials"}
    elif not fields.get("credentials"):
        return "client_secret", "is missing: paste a restricted or secret key."
    else:
        for name in _NEEDED_OF_CREDENTIALS:
            # A schema would ask for it beside a key, too, where a platform has put other things.
            if isinstance(fields["credentials"], Mapping) and name not in fields["credentials"]:
                return f"credentials.{name}", "is missing."
    errors = _validator().iter_errors(_as_a_form_has_it(fields))
    error = min(errors, key=_place, default=None)
    return None if error is None else (_field_of(error), _problem_of(error))


@cache
def _validator() -> Draft7Validator:
    return Draft7Validator(_specification())


def _specification() -> dict[str, Any]:
    specification: dict[str, Any] = resources.spec()["connectionSpecification"]
    return specification


def _as_a_form_has_it(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    options = fields.get("mrr")
    if not isinstance(options, Mapping):
        return fields
    known = _specification()["properties"]["mrr"]["properties"]
    adapted = dict(options)
    for name in _TEXT_OR_NUMBER:
        value = adapted.get(name)
        if known[name]["type"] == "string" and _is_number(value):
            adapted[name] = str(value)
        elif known[name]["type"] == "number" and isinstance(value, str):
            try:
                adapted[name] = float(value)
            except ValueError:
                continue
    return {**fields, "mrr": adapted}


def _is_number(value: Any) -> bool:
    return bool(Draft7Validator.TYPE_CHECKER.is_type(value, "number"))


def _place(error: ValidationError) -> tuple[int, list[str], bool]:
    """Where a field stands in the specification.

    Of two errors of one field, that of the wrong choice says more than that of the wrong type.
    """
    names = list(_specification()["properties"])
    path = list(map(str, error.absolute_path))
    return names.index(path[0]), path, error.validator != "enum"


def _field_of(error: ValidationError) -> str:
    field = ""
    for part in error.absolute_path:
        field += f"[{part}]" if isinstance(part, int) else f".{part}"
    return field.lstrip(".")


def _problem_of(error: ValidationError) -> str:
    schema: Any = error.schema
    allowed: Any = error.validator_value
    value: Any = error.instance
    rule = str(error.validator)
    if rule == "additionalProperties":
        unknown = next(name for name in value if name not in schema["properties"])
        return f"has no option {_shown(unknown)}; there are {_listed(schema['properties'])}."
    if rule == "minLength":
        return "must not be empty." if allowed == 1 else f"must have at least {allowed} characters."
    must = {
        "type": lambda: f"be {_KINDS[allowed]}",
        "enum": lambda: f"be one of {_listed(allowed)}",
        "minimum": lambda: f"be at least {allowed}",
        "pattern": lambda: f"be a date such as {schema['examples'][0]}",
    }[rule]()
    return f"must {must}." if schema.get("airbyte_secret") else f"must {must}, not {_shown(value)}."


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]} …"
