"""What every table and column means: the words of the models themselves."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import yaml
from fastapi import APIRouter
from pydantic import BaseModel, Field

from stripe_saas.warehouse.models import PROJECT
from stripe_saas_service.problems import problem_responses

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

router = APIRouter(prefix="/api", tags=["MRR"])


class Definition(BaseModel):
    """A table of figures."""

    name: str = Field(examples=["mrr_monthly"])
    description: str = Field(examples=["One row per basis, currency and month."])
    columns: dict[str, str] = Field(examples=[{"opening_minor": "MRR at the beginning."}])


class Definitions(BaseModel):
    """All tables."""

    data: list[Definition]


@router.get("/definitions", responses=problem_responses())
def definitions() -> Definitions:
    """What each table holds a row of, and what each column says."""
    return _definitions()


@lru_cache(maxsize=1)
def _definitions() -> Definitions:
    found = []
    for file in sorted((PROJECT / "models" / "marts").glob("*.yml")):
        content: dict[str, Any] = yaml.load(file.read_bytes(), _LOADER)
        for model in content.get("models", ()):
            columns = {
                each["name"]: " ".join(str(each.get("description", "")).split())
                for each in model.get("columns", ())
            }
            description = " ".join(str(model.get("description", "")).split())
            found.append(Definition(name=model["name"], description=description, columns=columns))
    return Definitions(data=sorted(found, key=lambda each: each.name))
