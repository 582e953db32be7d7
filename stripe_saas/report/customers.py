"""What the report shows of customers: who stays, who leaves and why, who matters most."""

from __future__ import annotations

from stripe_saas.report.sections import BASIS_CURRENCY, Models, Row

_TOP = 12
"""Customers that are named, a currency."""


def cohorts(models: Models) -> list[Row]:
    """One row a currency, month of the first MRR and month since: what of it is still there."""
    rows = models.rows(
        f"""
        select
            cohort_month, {BASIS_CURRENCY} as currency, months_since as number,
            customers_at_start as size, logo_retention as customers,
            gross_revenue_retention as gross, net_revenue_retention as net
        from {{retention_cohorts}} where cohort_by = 'all' order by cohort_month, months_since
        """,
        "retention_cohorts",
    )
    return [_by_month(row, "cohort_month") for row in rows]


def trials(models: Models) -> list[Row]:
    """One row a month in which trials began, currency and plan."""
    rows = models.rows(
        """
        select
            cohort_month, currency, plan, trials as started, trials - open_trials as ended,
            conversions as converted,
            coalesce(average_days_to_convert, 0) * conversions as days_total
        from {trial_conversions} order by cohort_month
        """,
        "trial_conversions",
    )
    return [_by_month(row, "cohort_month") for row in rows]


def churn_reasons(models: Models) -> list[Row]:
    """One row a month, currency, kind and reason: the customer's own word where there is one."""
    rows = models.rows(
        f"""
        select
            date_month, {BASIS_CURRENCY} as currency, churn_kind as kind,
            case when feedback = 'none given' then reason else feedback end as reason,
            sum(mrr_lost_minor) as mrr, sum(clients) as customers
        from {{churn_reasons}} group by 1, 2, 3, 4 order by 1
        """,
        "churn_reasons",
    )
    return [_by_month(row, "date_month") for row in rows]


def signals(models: Models) -> list[Row]:
    """One row a signal and currency: whom it concerns, and the MRR of their subscriptions."""
    return models.rows(
        """
        select
            reason as signal, currency, count(distinct client_id) as customers,
            sum(mrr_at_risk_minor) as mrr
        from {churn_signals} where is_risk group by 1, 2 order by 1, 2
        """,
        "churn_signals",
    )


def renewals(models: Models, *, with_emails: bool) -> list[Row]:
    """One row a subscription that renews soon."""
    rows = models.rows(
        """
        select
            renewals.customer_id as customer, renewals.currency, renewals.renews_at as due,
            renewals.mrr_minor as mrr, renewals.days_left, customers.name, customers.email
        from {renewals_due} as renewals
        left join {customers} as customers on renewals.client_id = customers.client_id
        order by renewals.renews_at
        """,
        "renewals_due",
        "customers",
    )
    return [_named({**row, "due": row["due"][:10]}, with_emails=with_emails) for row in rows]


def top_customers(models: Models, *, with_emails: bool) -> list[Row]:
    """The customers with the most MRR of each currency."""
    rows = models.rows(
        f"""
        select customer, currency, mrr, plan, since, name, email
        from (
            select
                client_id as customer, currency, mrr_minor as mrr, plans as plan,
                first_paid_at as since, name, email,
                row_number() over (
                    partition by currency order by mrr_minor desc, client_id
                ) as place
            from {{customers}} where mrr_minor > 0
        ) as placed
        where place <= {_TOP} order by currency, place
        """,
        "customers",
    )
    return [
        _named({**row, "since": (row["since"] or "")[:10]}, with_emails=with_emails) for row in rows
    ]


def _named(row: Row, *, with_emails: bool) -> Row:
    """The row without the address, unless it was asked for."""
    if with_emails:
        return row
    row = {name: value for name, value in row.items() if name != "email"}
    # Some accounts put the address where the name should be.
    return {**row, "name": None} if "@" in (row.get("name") or "") else row


def _by_month(row: Row, column: str) -> Row:
    return {**{k: v for k, v in row.items() if k != column}, "month": row[column][:7]}
