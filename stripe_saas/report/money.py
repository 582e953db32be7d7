"""What the report shows of money that arrives: gross to net, invoices and their payment."""

from __future__ import annotations

from stripe_saas.report.sections import Models, Row


def revenue_monthly(models: Models) -> list[Row]:
    """One row a month and currency of the Stripe balance; what was taken away is positive."""
    rows = models.rows(
        """
        select
            date_month, currency, sum(gross_minor) as gross, -sum(refunds_minor) as refunds,
            -sum(disputes_minor) as disputes, -sum(fees_minor) as fees, sum(other_minor) as other,
            sum(net_minor) as net
        from {revenue_daily} group by 1, 2 order by 1
        """,
        "revenue_daily",
    )
    return [_by_month(row) for row in rows]


def payment_health(models: Models) -> list[Row]:
    """One row a month of issue and currency: what became of invoices and disputes."""
    rows = models.rows(
        """
        select
            date_month, currency, invoices, paid_invoices - recovered_invoices as paid,
            recovered_invoices as recovered, open_invoices as open,
            lost_invoices as lost, failed_invoices as failed,
            coalesce(average_hours_to_recover, 0) * recovered_invoices / 24 as recovery_days,
            disputes_won, disputes_lost
        from {payment_health} order by date_month
        """,
        "payment_health",
    )
    return [_by_month(row) for row in rows]


def _by_month(row: Row) -> Row:
    return {**{k: v for k, v in row.items() if k != "date_month"}, "month": row["date_month"][:7]}
