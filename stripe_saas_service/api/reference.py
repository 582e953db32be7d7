"""The description of the API: as an OpenAPI document, and as a page."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

from stripe_saas_service.access.policy import POLICY
from stripe_saas_service.rendering import page

router = APIRouter(prefix="/api", include_in_schema=False)


@router.get("/openapi.json")
def document(request: Request) -> dict[str, Any]:
    """The OpenAPI document."""
    return described(request)


@router.get("/docs")
def reference(request: Request) -> HTMLResponse:
    """The document as a page without scripts."""
    return page("reference.html", document=described(request))


def described(request: Request) -> dict[str, Any]:
    """The document of the application that a request came to."""
    return described_by(request.app)


def described_by(app: FastAPI) -> dict[str, Any]:
    """The document of an application, each operation with who may use it."""
    document: dict[str, Any] = app.openapi()
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["token"] = {"type": "http", "scheme": "bearer"}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            rule = POLICY[f"{method.upper()} {path}"]
            if not rule.is_open:
                scopes = sorted(scope.value for scope in rule.scopes)
                operation["security"] = [{"token": scopes}]
                operation["x-roles"] = sorted(role.value for role in rule.roles)
    return document
