"""A plan and the keys of changed rows -> every model as a whole build would have made it.

The models are walked in their order. One whose inputs did not change is left alone; one with a rule
has the rows of the keys worked out again that changed, from inputs that hold nothing else; any
other is built whole, and what reads it goes on only with the rows that differ from before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from stripe_saas.warehouse.changes import CHANGES, StreamChange
from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.increment.plan import RAW_PREFIX, Model, Plan
from stripe_saas.warehouse.increment.rules import RAW_KEYS, ByKey, Through
from stripe_saas.warehouse.places import SYNC_STREAMS_TABLE, SYNCS_TABLE
from stripe_saas.warehouse.stream_table import listed, quoted

AS_OF = "stg_stripe__as_of"
Watch = Callable[[int, int], None]

_MOMENT = "as_of_at"
_ANY = ""
"""In the place of a table of changed rows: nobody knows which."""


class NotInProportion(Exception):
    """Everything has to be built whole; the text says why."""


@dataclass
class Updated:
    """What was done."""

    by_key: list[str] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)
    """Models that were built whole."""
    seconds: dict[str, float] = field(default_factory=dict)


class Update:
    """One walk through the models, within a transaction."""

    def __init__(
        self,
        database: Database,
        plan: Plan,
        rules: Mapping[str, ByKey],
        changes: Sequence[StreamChange],
        *,
        has_keys: bool,
        foreign: Collection[str] = (),
    ) -> None:
        """Looks at what changed in the raw tables.

        Args:
            database: the warehouse.
            plan: of its models.
            rules: model -> its rule.
            changes: of the raw tables.
            has_keys: the keys of raw rows are those of the staging models.
            foreign: relations that somebody else fills, as they stand in SQL.
        """
        self._database, self._plan, self._rules = database, plan, rules
        self._foreign = foreign
        self._columns = _columns(database)
        self._read = {name for model in plan.models for name in model.inputs}
        self._temporary = 0
        self._before: datetime | None = None
        self._now: datetime | None = None
        self._deltas: dict[str, str] = {}
        """Model or raw table -> table of its rows that came or went, or `_ANY`; none: no change."""
        for name in (SYNCS_TABLE, SYNC_STREAMS_TABLE):
            self._deltas[f"{RAW_PREFIX}{name}"] = _ANY
        for change in changes:
            name = f"{RAW_PREFIX}{change.stream}"
            self._deltas[name] = (
                _ANY if change.is_whole or not has_keys else self._raw_delta(change.stream)
            )
        self.done = Updated()

    def run(self, watch: Watch = lambda done, total: None) -> Updated:
        """Brings all models up to date.

        Raises:
            NotInProportion: all must be built whole.
            WarehouseError: a statement was refused.
        """
        for number, model in enumerate(self._plan.models, 1):
            began = time.monotonic()
            if model.name == AS_OF:
                self._move_on(model)
            elif self._is_concerned(model):
                keys = self._keys_of(model)
                if keys is None:
                    self._build(model)
                elif keys:
                    self._update(model, self._rules[model.name], keys)
            self.done.seconds[model.name] = time.monotonic() - began
            watch(number, len(self._plan.models))
        return self.done

    def _move_on(self, model: Model) -> None:
        """Puts the new moment of the last sync in the place of the old one."""
        relation = self._plan.relations[model.name]
        [before] = self._database.rows(f"select * from {relation}")
        [now] = self._database.rows(f"select * from ({model.sql}) as made")
        for column, value in now.items():
            if column != _MOMENT and before[column] != value:
                raise NotInProportion("it is another day" if "date" in column else f"new {column}")
        self._before, self._now = before[_MOMENT], now[_MOMENT]
        if self._before is None or self._now is None or self._now < self._before:
            raise NotInProportion("the last sync is older than the one before")
        self._database.execute(f"update {relation} set {_MOMENT} = {_literal(self._now)}")

    def _is_concerned(self, model: Model) -> bool:
        return (
            any(name in self._deltas for name in model.inputs)
            or self._has_moved_on(model)
            or self._reads_foreign(model)
        )

    def _has_moved_on(self, model: Model) -> bool:
        return self._now != self._before and AS_OF in model.inputs and _MOMENT in model.sql

    def _reads_foreign(self, model: Model) -> bool:
        return any(relation in model.sql for relation in self._foreign)

    def _keys_of(self, model: Model) -> str | None:
        """A table of the keys to work out again, empty if there are none; None: build it whole."""
        rule = self._rules.get(model.name)
        if rule is None or self._reads_foreign(model):
            return None
        selects = []
        for name in model.inputs:
            delta = self._deltas.get(name)
            if delta is None:
                continue
            way = self._way(rule, name)
            if way is None or delta == _ANY:
                return None
            if isinstance(way, Through):
                selects.append(self._filled(way.keys, delta=delta))
            else:
                selects.append(f"select {quoted(way)} from {delta}")
        if self._has_moved_on(model):
            if not rule.due:
                return None
            selects.append(self._filled(rule.due))
        keys = self._name()
        united = " union all ".join(f"select * from ({select}) as one" for select in selects)
        self._database.execute(
            f"create temporary table {keys} as select distinct * from ({united}) as found (k)"
        )
        [(count, named)] = self._database.select(f"select count(*), count(k) from {keys}")
        if count != named:
            return None  # rows without a key belong to each other, or not: nobody knows
        return keys if count else ""

    def _way(self, rule: ByKey, name: str) -> str | Through | None:
        """How an input names a model's key."""
        way = rule.inputs.get(name)
        if way is None and rule.key in self._columns_of(name):
            return rule.key
        return way

    def _build(self, model: Model) -> None:
        relation = self._plan.relations[model.name]
        made = self._made(model, model.sql)
        self.done.whole.append(model.name)
        if model.name in self._read:
            delta = self._difference(model.name, relation, made)
            if delta is None:
                return
            self._deltas[model.name] = delta
        self._database.execute(f"delete from {relation}")
        self._insert(model.name, made, "")

    def _update(self, model: Model, rule: ByKey, keys: str) -> None:
        relation, key = self._plan.relations[model.name], quoted(rule.key)
        sql, parts = model.sql, []
        for name in model.inputs:
            way = self._way(rule, name)
            if isinstance(way, Through):
                only = self._filled(way.only, keys=keys)
            else:
                only = f"{quoted(way)} in (select k from {keys})" if way else ""
            if only:
                part = self._name()
                parts.append(part)
                few = self._database.kind.few_rows(self._plan.relations[name], only)
                self._database.execute(f"create temporary table {part} as {few}")
                sql = sql.replace(self._plan.relations[name], part)
        of_keys = f"{key} in (select k from {keys})"
        made = self._made(model, f"select * from ({sql}) as made where {of_keys}")
        few = self._database.kind.few_rows(relation, of_keys)
        chosen = self._name()
        self._database.execute(f"create temporary table {chosen} as {few}")
        parts.append(chosen)
        self.done.by_key.append(model.name)
        delta = self._difference(model.name, chosen, made)
        if delta is not None:
            self._deltas[model.name] = delta
            differing = f"where {key} in (select {key} from {delta})"
            self._database.execute(f"delete from {relation} {differing}")
            self._insert(model.name, made, differing)
        for part in parts:
            self._database.execute(f"drop table {part}")

    def _made(self, model: Model, sql: str) -> str:
        """A table of rows as the model has them."""
        made = self._name()
        self._database.execute(
            f"create temporary table {made} as "
            f"select * from {self._plan.relations[model.name]} where 1 = 0"
        )
        columns = listed(self._columns_of(model.name))
        self._database.execute(
            f"insert into {made} ({columns}) select {columns} from ({sql}) as made"
        )
        return made

    def _insert(self, name: str, made: str, where: str) -> None:
        relation, columns = self._plan.relations[name], listed(self._columns_of(name))
        self._database.execute(
            f"insert into {relation} ({columns}) select {columns} from {made} {where}"
        )
        self._database.execute(f"drop table {made}")

    def _difference(self, name: str, before: str, made: str) -> str | None:
        """A table of rows that are in only one of two; None if there are none."""
        columns = ", ".join(
            # Postgres does not compare JSON.
            f"cast({quoted(column)} as varchar) as {quoted(column)}"
            if kind.lower() == "json"
            else quoted(column)
            for column, kind in self._columns_of(name).items()
        )
        old, new = f"select {columns} from {before}", f"select {columns} from {made}"
        delta = self._name()
        self._database.execute(
            f"create temporary table {delta} as select * from ({old} except all {new}) as gone "
            f"union all select * from ({new} except all {old}) as come"
        )
        return delta if self._database.select(f"select 1 from {delta} limit 1") else None

    def _raw_delta(self, stream: str) -> str:
        delta = self._name()
        self._database.execute(
            f"create temporary table {delta} as select distinct "
            f"split_part(record_key, ' ', 1) as {quoted(RAW_KEYS.get(stream, 'id'))} "
            f"from {CHANGES} where stream = ?",
            stream,
        )
        return delta

    def _filled(self, sql: str, *, delta: str = "", keys: str = "") -> str:
        moments = {}
        if self._before is not None and self._now is not None:
            moments = {"before": _literal(self._before), "now": _literal(self._now)}
        return sql.format(delta=delta, keys=keys, **moments, **self._plan.relations)

    def _columns_of(self, name: str) -> Mapping[str, str]:
        """Column -> its type."""
        schema, table = self._plan.relations[name].replace('"', "").split(".")[-2:]
        return self._columns.get((schema, table), {})

    def _name(self) -> str:
        self._temporary += 1
        return f"stripe_saas_part_{self._temporary}"


def _columns(database: Database) -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind in database.select(
        "select table_schema, table_name, column_name, data_type from information_schema.columns "
        "where table_schema not in ('information_schema', 'pg_catalog') "
        "order by table_schema, table_name, ordinal_position"
    ):
        found.setdefault((schema, table), {})[column] = kind
    return found


def _literal(moment: datetime) -> str:
    return f"cast('{moment:%Y-%m-%d %H:%M:%S.%f}' as timestamp)"
