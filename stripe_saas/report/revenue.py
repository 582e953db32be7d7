"""What the report shows of MRR: by day, by month, by plan."""

from __future__ import annotations

from stripe_saas.report.sections import BASIS_CURRENCY, REPORTING, Models, Row

_DAYS_SHOWN = 1100
"""Three years of days; the page stays small for old companies."""


def currencies(models: Models) -> list[Row]:
    """The currencies that there is MRR in, the one with the most customers first."""
    rows = models.rows(
        """
        select basis, currency, max(currency_exponent) as exponent, max(customers) as customers
        from {mrr_monthly} group by 1, 2 order by customers desc, currency
        """,
        "mrr_monthly",
    )
    found = []
    for row in sorted(rows, key=lambda row: row["basis"] != REPORTING):
        is_reporting = row["basis"] == REPORTING
        code = row["currency"]
        found.append(
            {
                "id": REPORTING if is_reporting else code,
                "code": code,
                "exponent": row["exponent"],
                "text": f"All, in {code.upper()}" if is_reporting else code.upper(),
            }
        )
    return found


def mrr_monthly(models: Models) -> list[Row]:
    """One row a month and currency: opening, the movements, closing, customers."""
    rows = models.rows(
        f"""
        select
            date_month, {BASIS_CURRENCY} as currency, basis, opening_minor as opening,
            new_minor as new, expansion_minor as expansion, contraction_minor as contraction,
            churn_minor as churn, reactivation_minor as reactivation, fx_minor as fx,
            closing_minor as closing, opening_customers, customers, subscriptions,
            rated_opening_minor as rated_opening, lost_minor as lost, net_lost_minor as net_lost,
            lost_customers
        from {{mrr_monthly}} order by date_month
        """,
        "mrr_monthly",
    )
    return [
        {
            **{name: value for name, value in row.items() if name not in ("date_month", "basis")},
            "month": row["date_month"][:7],
            "kind": REPORTING if row["basis"] == REPORTING else "own",
        }
        for row in rows
    ]


def mrr_daily(models: Models) -> list[Row]:
    """One row a day and currency: what MRR closed at."""
    rows = models.rows(
        f"""
        select date_day as date, {BASIS_CURRENCY} as currency, closing_minor as mrr
        from {{mrr_daily}} order by date_day
        """,
        "mrr_daily",
    )
    days = sorted({row["date"] for row in rows})[-_DAYS_SHOWN:]
    return [{**row, "date": row["date"][:10]} for row in rows if days and row["date"] >= days[0]]


def mrr_by_plan(models: Models) -> list[Row]:
    """One row a month, currency and plan: its MRR at the month's end."""
    rows = models.rows(
        """
        select date_month, currency, coalesce(plan, 'Without a plan') as plan, mrr_minor as mrr
        from {mrr_by_plan} order by date_month
        """,
        "mrr_by_plan",
    )
    return [
        {
            "month": row["date_month"][:7],
            "currency": row["currency"],
            "plan": row["plan"],
            "mrr": row["mrr"],
        }
        for row in rows
    ]
