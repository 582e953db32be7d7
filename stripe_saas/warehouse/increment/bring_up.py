"""A warehouse with models in; these brought up to date out, or why they must be built whole."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stripe_saas.warehouse.changes import changes_of, forget_changes
from stripe_saas.warehouse.database import Database, WarehouseError, WriterLock, connected
from stripe_saas.warehouse.increment.fingerprint import fingerprint
from stripe_saas.warehouse.increment.plan import forget_plan, keep_plan, kept_plan, plan_of
from stripe_saas.warehouse.increment.rules import rules_for
from stripe_saas.warehouse.increment.update import NotInProportion, Update, Updated, Watch
from stripe_saas.warehouse.models import PROJECT, ModelsResult, build_models
from stripe_saas.warehouse.places import RAW_SCHEMA, STREAMS_TABLE
from stripe_saas.warehouse.target import Target

LEFT = "left as they are"
"""How a build ended that was not begun."""
UP_TO_DATE = "brought up to date"
"""What is said of models that were not built whole."""

_ELSEWHERE = ("stripe_database", "stripe_table_prefix", "stripe_tables", "as_of")
"""Variables with which the models read something else than what the loader notes."""


def bring_up_to_date(
    target: Target,
    *,
    variables: Mapping[str, Any] | None = None,
    is_full: bool = False,
    lock: WriterLock | None = None,
    watch: Watch = lambda done, total: None,
    project: Path = PROJECT,
    may_be_whole: bool = True,
) -> ModelsResult:
    """Brings all models up to date: in proportion to what changed if that can be, else by dbt.

    dbt builds, and tests, everything for the first time, on a new day, after a build that was not
    good, with other options or columns, after a close, and when it is asked to.

    Args:
        target: the warehouse, which no other process may hold if it is a DuckDB.
        variables: for the dbt project's own.
        is_full: build everything, the tables of seeds dropped first.
        lock: the right to write, if it is to be looked at.
        watch: told how many steps are done, and how many there are.
        project: the folder of the dbt project.
        may_be_whole: False: what only dbt can do is left for another time, and `how` is `LEFT`.

    Raises:
        WarehouseError: the warehouse cannot be reached.
    """
    given = dict(variables or {})
    with connected(target) as database:
        increment = _Increment(database, target, project, given)
        began = time.monotonic()
        try:
            if is_full:
                raise NotInProportion("it was asked for")
            done = increment.bring_up_to_date(database, lock, watch)
        except NotInProportion:
            if not may_be_whole:
                return ModelsResult(is_good=True, how=LEFT)
            increment.begin_whole(database)
        else:
            return ModelsResult(
                is_good=True,
                how=UP_TO_DATE,
                done=len(done.by_key) + len(done.whole),
                seconds=time.monotonic() - began,
                models=done.seconds,
            )

    def keep(folder: Path) -> None:
        with connected(target) as database:
            increment.end_whole(database, folder)

    return build_models(
        target,
        variables=given,
        options=["--full-refresh"] if is_full else [],
        watch=watch,
        project=project,
        keep=keep,
    )


class _Increment:
    """What is known of a warehouse's models before they are built."""

    def __init__(
        self, database: Database, target: Target, project: Path, variables: Mapping[str, Any]
    ) -> None:
        """Looks at everything that decides whether they can be brought up to date.

        Args:
            database: the warehouse.
            target: the same, by its address.
            project: the folder of the dbt project.
            variables: of the models.
        """
        self._variables = variables
        self._is_possible = (
            not any(variables.get(name) for name in _ELSEWHERE)
            and variables.get("stripe_schema", RAW_SCHEMA) == RAW_SCHEMA
            # Of tables that another loader fills nobody notes what changed.
            and database.has_table(RAW_SCHEMA, STREAMS_TABLE)
        )
        self._fingerprint = fingerprint(database, target, project, variables)

    def bring_up_to_date(
        self,
        database: Database,
        lock: WriterLock | None,
        watch: Watch = lambda done, total: None,
    ) -> Updated:
        """Does it, in one transaction.

        Args:
            database: the warehouse.
            lock: the right to write, looked at before the end.
            watch: told how many models are done, and how many there are.

        Raises:
            NotInProportion: everything must be built whole; nothing was done.
        """
        plan = kept_plan(database, self._fingerprint) if self._is_possible else None
        if plan is None:
            raise NotInProportion("the models, their options or columns are new")
        changes = changes_of(database)
        if changes is None:
            raise NotInProportion("too much changed")
        by_account = bool(self._variables.get("by_account"))
        rules = rules_for(
            by_account=by_account,
            one_moment=self._variables.get("switch_movements") == "one_moment",
        )
        foreign = [
            str(value)
            for name, value in self._variables.items()
            if name.endswith("_relation") and value
        ]
        try:
            with database.transaction():
                update = Update(
                    database, plan, rules, changes, has_keys=not by_account, foreign=foreign
                )
                done = update.run(watch)
                forget_changes(database)
                if lock is not None:
                    lock.check(database)
        except WarehouseError as error:
            if database.is_interrupted:
                raise
            raise NotInProportion(str(error)) from error
        return done

    def begin_whole(self, database: Database) -> None:
        """Forgets the plan: what breaks off from now on leaves tables of two states."""
        with database.transaction():
            forget_plan(database)

    def end_whole(self, database: Database, target_folder: Path) -> None:
        """Keeps what dbt made, once everything was built and tested.

        Args:
            database: the warehouse; nothing was written into its raw tables since the build began.
            target_folder: of dbt.
        """
        plan = plan_of(target_folder, self._fingerprint) if self._is_possible else None
        if plan is not None:
            with database.transaction():
                keep_plan(database, plan)
                forget_changes(database)
