"""A template and its values -> a page. Everything is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

_TEMPLATES = Environment(
    loader=PackageLoader("stripe_saas_service", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
)


def page(
    template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """Renders a page.

    Args:
        template: a file of `templates/`.
        status: of HTTP.
        headers: further ones of the answer.
        values: what the template shows.
    """
    content = _TEMPLATES.get_template(template).render(**values)
    return HTMLResponse(content, status_code=status, headers=dict(headers or {}))
