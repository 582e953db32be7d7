"""What must be so before a month can be closed."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from stripe_saas.close.marts import Marts
from stripe_saas.close.month import CloseError, Month, month_of
from stripe_saas.warehouse.build_log import failed_build
from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.places import RAW_SCHEMA, SYNC_STREAMS_TABLE, SYNCS_TABLE
from stripe_saas.warehouse.sync_log import COMPLETE, SYNC_STREAMS, SYNCS

LEDGER = "subscription_events"


@dataclass(frozen=True)
class Facts:
    """What is known of the models of which a month is closed."""

    as_of_at: datetime
    """The moment of the last sync, UTC without a zone."""
    ended_at: datetime
    """The moment at which the month ended, UTC without a zone."""
    sync_id: str
    account_id: str | None
    model_options: dict[str, str]
    accepted: dict[str, int]
    """Checks of `data_quality` that were accepted as they are -> by how much they differ."""

    @property
    def options_text(self) -> str:
        """The models' options as JSON, the same text for the same options."""
        return json.dumps(self.model_options, sort_keys=True)

    @property
    def accepted_text(self) -> str | None:
        """The accepted checks as JSON; null for none."""
        return json.dumps(self.accepted, sort_keys=True) if self.accepted else None


def checked(database: Database, marts: Marts, month: Month, accept: Collection[str]) -> Facts:
    """Makes sure that nothing about a month is open.

    Args:
        database: the warehouse.
        marts: where the models are.
        month: to be closed.
        accept: names of checks of `data_quality` that may differ.

    Raises:
        CloseError: something is; the text says what to do.
    """
    _require_models(database, marts)
    [about] = database.rows(f"select * from {marts.steps}.stg_stripe__as_of")
    options = {
        row["option_name"]: row["option_value"]
        for row in database.rows(f"select * from {marts.steps}.int_stripe__model_options")
    }
    sync = _last_sync(database)
    if about["as_of_at"] is None or _seconds(about["as_of_at"]) != int(sync["synced_at"]):
        raise CloseError(
            "the models are not those of the last sync: run stripe-saas models without as_of."
        )
    ended_at = month.ended_at(options["reporting_timezone"])
    until = f"{ended_at:%Y-%m-%d %H:%M} UTC, when {month} ends in {options['reporting_timezone']}"
    if about["as_of_at"] < ended_at:
        raise CloseError(
            f"the last sync is of {about['as_of_at']:%Y-%m-%d %H:%M} UTC: sync again after {until}."
        )
    if (_ledger_synced_at(database) or 0) < _seconds(ended_at):
        raise CloseError(
            f"{LEDGER} was not read to its end after {until}: run stripe-saas sync with all its "
            "streams."
        )
    accepted = _judged(database, marts, accept)
    _require_settled(database, marts, month)
    _require_figures(database, marts, month)
    return Facts(
        about["as_of_at"], ended_at, sync["sync_id"], about["account_id"], options, accepted
    )


def _require_models(database: Database, marts: Marts) -> None:
    needed = (
        (marts.schema, "mrr_monthly"),
        (marts.schema, "data_quality"),
        (marts.steps, "int_stripe__events"),
        (marts.steps, "int_stripe__model_options"),
    )
    if not all(database.has_table(*each) for each in needed):
        raise CloseError(
            f"the schema {marts.schema} does not hold the models of this version: run "
            "stripe-saas models first."
        )
    problem = failed_build(database)
    if problem is not None:
        raise CloseError(f"the last build of the models failed ({problem}): mend it first.")


def _last_sync(database: Database) -> dict[str, Any]:
    rows = (
        database.rows(f"select * from {SYNCS} order by sync_id desc limit 1")
        if database.has_table(RAW_SCHEMA, SYNCS_TABLE)
        else []
    )
    if not rows:
        raise CloseError(
            "there is no log of syncs, so that it is not known whether Stripe was read to its "
            "end: run stripe-saas sync."
        )
    if rows[0]["status"] != COMPLETE:
        raise CloseError(
            f"the last sync is not complete, but {rows[0]['status']}: run stripe-saas sync again."
        )
    return rows[0]


def _ledger_synced_at(database: Database) -> int | None:
    if not database.has_table(RAW_SCHEMA, SYNC_STREAMS_TABLE):
        return None
    [row] = database.rows(
        f"select max(synced_at) as synced_at from {SYNC_STREAMS} where stream = ?", LEDGER
    )
    return None if row["synced_at"] is None else int(row["synced_at"])


def _judged(database: Database, marts: Marts, accept: Collection[str]) -> dict[str, int]:
    """Checks that differ and may."""
    bad = database.rows(
        f"select check_name, scope, difference from {marts.schema}.data_quality "
        "where not coalesce(is_good, false) order by check_name, scope"
    )
    for row in bad:
        if row["check_name"] not in accept:
            raise CloseError(
                f"data_quality is not good: {row['check_name']} of {row['scope']} is off by "
                f"{row['difference']}; mend it, or accept it with --accept {row['check_name']}."
            )
    return {f"{row['check_name']}/{row['scope']}": int(row["difference"] or 0) for row in bad}


def _require_settled(database: Database, marts: Marts, month: Month) -> None:
    [row] = database.rows(
        f"select count(*) as provisional from {marts.schema}.customer_mrr_movements "
        f"where is_provisional and basis = 'currency' and date_day < ? and {marts.is_figure}",
        month.next.first_day,
    )
    if row["provisional"]:
        raise CloseError(
            f"movements up to the end of {month} are provisional ({row['provisional']}), as a "
            "client that left may still switch: sync again when switch_window_hours have passed."
        )


def _require_figures(database: Database, marts: Marts, month: Month) -> None:
    """Each closing must be the sum of the rows that are kept."""
    figures = database.rows(
        f"select currency, closing_minor from {marts.schema}.mrr_monthly "
        f"where date_month = ? and basis = 'currency' and {marts.is_figure}",
        month.first_day,
    )
    if not figures:
        [row] = database.rows(f"select min(date_month) as first from {marts.schema}.mrr_monthly")
        first = f"history begins with {month_of(row['first'])}" if row["first"] else "there is none"
        raise CloseError(f"mrr_monthly has no row of {month}: {first}.")
    sums = dict(
        database.select(
            f"select {marts.plain('currency')}, sum(mrr_delta_minor) "
            f"from {marts.steps}.int_stripe__events "
            f"where counted_on < ? and {marts.is_of_all('event_id')} group by 1",
            (month.next.first_day,),
        )
    )
    for row in figures:
        if int(sums.get(row["currency"]) or 0) != row["closing_minor"]:
            raise CloseError(
                f"the rows of {month} in {row['currency']} do not add up to mrr_monthly: run "
                "stripe-saas models again."
            )


def _seconds(moment: datetime) -> int:
    return int(moment.replace(tzinfo=timezone.utc).timestamp())
