"""Whether this process can work: for load balancers and supervisors."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from stripe_saas_service.problems import Problem, problem_responses
from stripe_saas_service.service import ServiceOf

router = APIRouter()


class Health(BaseModel):
    """The answer while all is well."""

    status: str = "ok"


@router.get("/health", responses=problem_responses(503))
def health(service: ServiceOf) -> Health:
    """Answers 200 if the store can be read, 503 otherwise."""
    try:
        with service.store.reading() as session:
            session.execute(text("select 1"))
    except SQLAlchemyError:
        raise Problem(503, "The store cannot be read", "Look at the service's log.") from None
    return Health()
