"""A filled warehouse and what is wanted of its models -> models that are current, and the note."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stripe_saas.warehouse.build_log import note_build
from stripe_saas.warehouse.database import connected
from stripe_saas.warehouse.model_variables import variables_of_tables
from stripe_saas.warehouse.models import ModelsResult, build_models
from stripe_saas.warehouse.target import Target


def build(
    target: Target,
    *,
    variables: Mapping[str, Any],
    is_full: bool = False,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> ModelsResult:
    """Brings the models up to date; the only place that decides how.

    Args:
        target: the warehouse; the right to write is held.
        variables: of the models, as far as they were chosen.
        is_full: drops the tables of seeds first.
        watch: told how many steps are done, and how many there are.

    Raises:
        WarehouseError: the warehouse cannot be reached.
    """
    options = ["--full-refresh"] if is_full else []
    with connected(target) as database:
        chosen = {**variables_of_tables(database, variables), **variables}
    result = build_models(target, variables=chosen, options=options, watch=watch)
    note_build(target, result)
    return result
