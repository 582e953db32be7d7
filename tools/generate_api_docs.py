"""The service's routes -> docs/api.md: who may use each, what it takes and what it answers."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from stripe_saas_service.api.reference import described_by
from stripe_saas_service.app import app_of
from stripe_saas_service.service import open_service
from stripe_saas_service.settings import settings_of

PAGE = Path(__file__).parents[1] / "docs" / "api.md"

_HEAD = """# API of the service

Written by `make api-docs` from the routes themselves; a service that runs answers the same at
`/api/docs`, and as an OpenAPI document at `/api/openapi.json`. Programs send
`Authorization: Bearer sss_…`, a token of `stripe-saas service token`, which opens one company.
Errors are `application/problem+json`: `title` says what is wrong, `detail` what to do. Answers with
figures have an `ETag`; sent back as `If-None-Match` it makes the answer 304 while nothing has
changed.
"""


def main() -> int:
    """Writes the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


def page() -> str:
    """The page as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        service = open_service(settings_of(data=Path(folder), environment={}))
        app = app_of(service).app
        service.store.close()
    assert isinstance(app, FastAPI)
    return "\n".join([_HEAD, *_routes(described_by(app))])


def _routes(document: Mapping[str, Any]) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            yield f"## {method.upper()} {path}\n"
            text = operation.get("description") or operation["summary"]
            yield text.replace("\n\n", "\n\n").strip() + "\n"
            if "security" in operation:
                scopes = ", ".join(f"`{each}`" for each in operation["security"][0]["token"])
                roles = ", ".join(operation["x-roles"])
                yield f"Scopes: {scopes or 'none'}. Roles: {roles}.\n"
            yield from _parameters(operation.get("parameters", ()))
            if body := operation.get("requestBody"):
                yield from _example("Takes", body["content"], schemas)
            for status, answer in sorted(operation["responses"].items()):
                if status.startswith("2"):
                    yield from _example(f"Answers {status}", answer.get("content", {}), schemas)
            refusals = [status for status in operation["responses"] if not status.startswith("2")]
            if refusals:
                yield f"Or: {', '.join(sorted(refusals))}.\n"


def _parameters(parameters: Any) -> Iterator[str]:
    if not parameters:
        return
    yield "| Parameter | In | Meaning |"
    yield "| --- | --- | --- |"
    for each in parameters:
        meaning = " ".join(each.get("description", "").split()).replace("|", "\\|")
        yield f"| `{each['name']}` | {each['in']} | {meaning} |"
    yield ""


def _example(title: str, content: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    for kind, described in content.items():
        if kind == "application/json":
            shown = json.dumps(_value(described["schema"], schemas), indent=2, ensure_ascii=False)
            yield f"{title}:\n\n```json\n{shown}\n```\n"
        else:
            yield f"{title}: `{kind}`.\n"


def _value(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """An example of what a schema describes."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        return _value(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("anyOf"):
        return _value(schema["anyOf"][0], schemas)
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: _value(each, schemas) for name, each in properties.items()}
    if kind == "array":
        return [_value(schema["items"], schemas)]
    if "default" in schema:
        return schema["default"]
    if schema.get("format") == "date-time":
        return "2026-05-01T10:00:00Z"
    return {"string": "…", "integer": 1, "number": 1.0, "boolean": True}.get(str(kind))


if __name__ == "__main__":
    sys.exit(main())
