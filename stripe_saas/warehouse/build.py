"""A filled warehouse and what is wanted of its models -> models that are current, and the note."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stripe_saas.warehouse.build_log import note_build
from stripe_saas.warehouse.database import WriterLock, connected
from stripe_saas.warehouse.increment.bring_up import LEFT, bring_up_to_date
from stripe_saas.warehouse.model_variables import variables_of_tables
from stripe_saas.warehouse.models import ModelsResult
from stripe_saas.warehouse.target import Target


def build(
    target: Target,
    *,
    variables: Mapping[str, Any],
    is_full: bool = False,
    lock: WriterLock | None = None,
    may_be_whole: bool = True,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> ModelsResult:
    """Brings the models up to date; the only place that decides how.

    Args:
        target: the warehouse; the right to write is held.
        variables: of the models, as far as they were chosen.
        is_full: builds everything anew, the tables of seeds dropped first.
        lock: the right to write, to be looked at before the end.
        may_be_whole: False: what cannot be brought up to date in proportion is left as it is.
        watch: told how many steps are done, and how many there are.

    Raises:
        WarehouseError: the warehouse cannot be reached.
    """
    with connected(target) as database:
        chosen = {**variables_of_tables(database, variables), **variables}
    result = bring_up_to_date(
        target,
        variables=chosen,
        is_full=is_full,
        lock=lock,
        watch=watch,
        may_be_whole=may_be_whole,
    )
    if result.how != LEFT:
        note_build(target, result)
    return result
