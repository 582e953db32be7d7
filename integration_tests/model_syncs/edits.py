"""Raw tables -> a few rows of them other than before, as no company would have it, and noted."""

from __future__ import annotations

import random

from stripe_saas.warehouse.changes import Changes
from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.increment.rules import RAW_KEYS
from stripe_saas.warehouse.places import RAW_SCHEMA, SYNCS_TABLE

_MOST_STREAMS, _MOST_ROWS, _MOST_SECONDS = 3, 4, 900
_FIXED = {
    # What stands in a history twice at one place has no order.
    "subscription_events": ("subscription_id", "sequence", "occurred_at", "currency"),
    # The lines of a note name lines of its invoice.
    "credit_notes": ("invoice", "lines"),
}
_KEYS = {"payout_balance_transactions": ("payout", "id")}


def edit(database: Database, random_: random.Random) -> list[str]:
    """Deletes some rows, gives others columns of other rows, and lets a few minutes pass.

    Returns:
        What was done, for whoever wants to know.
    """
    streams = [
        str(name)
        for (name,) in database.select(
            "select table_name from information_schema.tables where table_schema = ? order by 1",
            (RAW_SCHEMA,),
        )
        if not name.startswith("_")
    ]
    done = []
    with database.transaction():
        changes = Changes(database)
        for stream in random_.sample(streams, random_.randint(1, _MOST_STREAMS)):
            done += _edited(database, random_, stream, changes)
        database.execute(
            f"update {RAW_SCHEMA}.{SYNCS_TABLE} set synced_at = synced_at + ?",
            random_.randint(0, _MOST_SECONDS),
        )
    return done


def _edited(database: Database, random_: random.Random, stream: str, changes: Changes) -> list[str]:
    table = f'{RAW_SCHEMA}."{stream}"'
    key = _KEYS.get(stream, (RAW_KEYS.get(stream, "id"),))
    rows = database.select(f"select distinct {', '.join(key)} from {table} order by all")
    columns = [
        str(name)
        for (name,) in database.select(
            "select column_name from information_schema.columns "
            "where table_schema = ? and table_name = ? order by ordinal_position",
            (RAW_SCHEMA, stream),
        )
        if name not in (*key, *_FIXED.get(stream, ())) and not name.startswith("_")
    ]
    chosen = random_.sample(rows, min(len(rows), random_.randint(1, _MOST_ROWS)))
    changes.note(stream, chosen)
    done = []
    is_same = " and ".join(f'old."{part}" = ?' for part in key)
    is_other = is_same.replace("old.", "other.")
    for row in chosen:
        if random_.random() < 0.2:
            database.execute(f"delete from {table} as old where {is_same}", *row)
            done.append(f"{stream} {row} deleted")
            continue
        taken = random_.sample(columns, min(len(columns), random_.randint(1, 4)))
        sets = ", ".join(f'"{name}" = other."{name}"' for name in taken)
        other = random_.choice(rows)
        database.execute(
            f"update {table} as old set {sets} from {table} as other "
            f"where {is_same} and {is_other}",
            *row,
            *other,
        )
        done.append(f"{stream} {row}: {', '.join(taken)} of {other}")
    return done
