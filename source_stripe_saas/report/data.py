"""A warehouse's models -> everything that the page shows, as plain JSON."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from typing import Any

from source_stripe_saas.report import customers, money, quality, revenue
from source_stripe_saas.report.sections import Models

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class NoModels(Exception):
    """The warehouse has no models yet; the text says what to do."""


def report_data(models: Models, *, with_emails: bool = False) -> dict[str, Any]:
    """The page's data.

    Args:
        models: of the warehouse.
        with_emails: whether customers' e-mail addresses may be in it.

    Raises:
        NoModels: there is nothing to report on.
    """
    if not models.has("mrr_monthly"):
        raise NoModels(
            f"there are no models in the schema {models.schema}: run stripe-saas sync, or "
            "stripe-saas models, first."
        )
    origin = quality.origin(models)
    months = revenue.mrr_monthly(models)
    return {
        "account": origin["account_name"] or origin["account_id"] or "Stripe",
        "mode": origin["mode"] or "live",
        "as_of": _moment(origin["as_of_at"]),
        "foot": _foot(origin),
        "currencies": revenue.currencies(models),
        "months": sorted({row["month"] for row in months}),
        "mrr_monthly": months,
        "mrr_daily": revenue.mrr_daily(models),
        "mrr_by_plan": revenue.mrr_by_plan(models),
        "cohorts": customers.cohorts(models),
        "trials": customers.trials(models),
        "churn_reasons": customers.churn_reasons(models),
        "signals": customers.signals(models),
        "renewals": customers.renewals(models, with_emails=with_emails),
        "top_customers": customers.top_customers(models, with_emails=with_emails),
        "revenue_monthly": money.revenue_monthly(models),
        "payment_health": money.payment_health(models),
        "data_quality": quality.data_quality(models),
    }


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M}"


def _foot(origin: dict[str, Any]) -> str:
    account = f"{origin['account_id']}. " if origin["account_id"] else ""
    return (
        f"{account}Made by stripe-saas {version('source-stripe-saas')} from the models of its dbt "
        "project. Currencies never add up unless exchange rates are given. The last month is the "
        "one under way."
    )
