"""Our own files that pages load."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import Response

from stripe_saas_service.problems import Problem

router = APIRouter(include_in_schema=False)

_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
_ASSETS = {
    each.name: each.read_bytes()
    for each in (files("stripe_saas_service") / "web" / "assets").iterdir()
    if each.name.rpartition(".")[2] in _KINDS
}


@router.get("/assets/{name}")
def asset(name: str) -> Response:
    """One file."""
    if name not in _ASSETS:
        raise Problem(404, "Not Found", "There is no such file.")
    return Response(
        _ASSETS[name],
        media_type=_KINDS[name.rpartition(".")[2]],
        headers={"cache-control": "public, max-age=300"},
    )
