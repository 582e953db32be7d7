"""Errors as `application/problem+json` (RFC 9457), each with what to do; for browsers as a page."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from stripe_saas_service.rendering import page

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """Why a request is not answered, for the one who sent it."""

    def __init__(
        self, status: int, title: str, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """Takes what is said.

        Args:
            status: of HTTP.
            title: what is wrong, the same for all of its kind.
            detail: what to do; never anything secret.
            headers: further ones of the answer.
        """
        super().__init__(title)
        self.status, self.title, self.detail, self.headers = status, title, detail, headers


class Unchanged(Exception):
    """The caller has this answer already: 304."""

    def __init__(self, etag: str) -> None:
        """Takes the tag of the answer."""
        super().__init__(etag)
        self.etag = etag


class ProblemBody(BaseModel):
    """What an error's answer holds."""

    type: str = "about:blank"
    title: str = Field(examples=["Not allowed"])
    status: int = Field(examples=[403])
    detail: str = Field(examples=["This takes a token with the scope sync."])


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: the errors that it may answer, besides 401, 403 and 422."""
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in (401, 403, 422, *statuses)
    }


def add_handlers(app: FastAPI) -> None:
    """Has an application answer its errors in this form."""

    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> Response:
        return answer(request, error)

    @app.exception_handler(Unchanged)
    async def unchanged(_request: Request, error: Unchanged) -> Response:
        headers = {"etag": error.etag, "cache-control": "private, no-cache"}
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        advice = {
            404: "Look at /api/docs for the routes that there are.",
            405: f"This route takes {(error.headers or {}).get('Allow', 'other methods')}.",
        }
        return answer(
            request,
            Problem(
                error.status_code,
                HTTPStatus(error.status_code).phrase,
                advice.get(error.status_code, str(error.detail)),
                headers=error.headers,
            ),
        )

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        # Without `input`: what was sent may be a secret.
        said = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        return answer(request, Problem(422, "The request cannot be read", "; ".join(said) + "."))

    @app.exception_handler(Exception)
    async def unexpected(request: Request, _error: Exception) -> Response:
        return answer(
            request,
            Problem(500, "The service failed", "Try again; its log says what happened."),
        )


def answer(request: Request, problem: Problem) -> Response:
    """The answer: JSON, or a page where a browser asked for one."""
    if _is_for_people(request):
        if problem.status == HTTPStatus.UNAUTHORIZED:
            return RedirectResponse("/login", HTTPStatus.SEE_OTHER)
        return page(
            "problem.html",
            status=problem.status,
            headers=problem.headers,
            title=problem.title,
            detail=problem.detail,
        )
    body = ProblemBody(title=problem.title, status=problem.status, detail=problem.detail)
    return JSONResponse(
        body.model_dump(),
        status_code=problem.status,
        headers=dict(problem.headers or {}),
        media_type=MEDIA_TYPE,
    )


def _is_for_people(request: Request) -> bool:
    programs = ("/api/", "/hooks/", "/health")
    return not request.url.path.startswith(programs) and "text/html" in request.headers.get(
        "accept", ""
    )
