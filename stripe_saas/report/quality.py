"""What the report shows of where its numbers come from and whether they can be trusted."""

from __future__ import annotations

from typing import Any

from stripe_saas.report.sections import Models, Row


def origin(models: Models) -> dict[str, Any]:
    """Whose account it is and the moment of the last sync, which the models take for now."""
    steps = models.steps()
    rows = steps.rows(
        "select as_of_at, account_id, account_name, mode from {stg_stripe__as_of}",
        "stg_stripe__as_of",
    )
    return rows[0] if rows else dict.fromkeys(("as_of_at", "account_id", "account_name", "mode"))


def data_quality(models: Models) -> list[Row]:
    """One row a check: what it is about, what was expected and found, whether that is good."""
    return models.rows(
        """
        select check_name as "check", scope as about, expected, found, difference, is_good,
            found_ids as ids
        from {data_quality} order by is_good, check_name, scope
        """,
        "data_quality",
    )
