"""A warehouse's models -> everything that the page shows, as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any

from stripe_saas.report import customers, money, quality, reporting, revenue
from stripe_saas.report.reporting import Rates
from stripe_saas.report.sections import Models, Row

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
    rates = reporting.rates_of(models)
    parts: dict[str, list[Row]] = {
        "mrr_by_plan": revenue.mrr_by_plan(models),
        "cohorts": customers.cohorts(models),
        "trials": customers.trials(models),
        "churn_reasons": customers.churn_reasons(models),
        "signals": customers.signals(models),
        "renewals": customers.renewals(models, with_emails=with_emails),
        "top_customers": customers.top_customers(models, with_emails=with_emails),
        "revenue_monthly": money.revenue_monthly(models),
        "payment_health": money.payment_health(models),
    }
    all_currencies = {} if rates is None else _in_reporting(parts, rates)
    return {
        "account": origin["account_name"] or origin["account_id"] or "Stripe",
        "mode": origin["mode"] or "live",
        "as_of": _moment(origin["as_of_at"]) if origin["as_of_at"] else "a sync to come",
        "foot": _foot(origin, parts, rates),
        "currencies": revenue.currencies(models),
        "months": sorted({row["month"] for row in months}),
        "mrr_monthly": months,
        "mrr_daily": revenue.mrr_daily(models),
        **{name: [*rows, *all_currencies.get(name, ())] for name, rows in parts.items()},
        "data_quality": quality.data_quality(models),
    }


def _in_reporting(parts: Mapping[str, list[Row]], rates: Rates) -> dict[str, list[Row]]:
    """Rows for all currencies together."""

    def summed(part: str, keys: str, amounts: str = "", counts: str = "") -> list[Row]:
        return reporting.summed(parts[part], rates, keys.split(), amounts.split(), counts.split())

    return {
        "mrr_by_plan": summed("mrr_by_plan", "month plan", "mrr"),
        "trials": summed("trials", "month plan", "", "started ended converted days_total"),
        "signals": summed("signals", "signal", "mrr", "customers"),
        "renewals": reporting.turned(parts["renewals"], rates),
        "top_customers": reporting.top(parts["top_customers"], rates),
        "revenue_monthly": summed(
            "revenue_monthly", "month", "gross refunds disputes fees other net"
        ),
        "payment_health": summed(
            "payment_health",
            "month",
            "",
            "invoices paid recovered open lost failed recovery_days disputes_won disputes_lost",
        ),
    }


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M}"


def _foot(origin: dict[str, Any], parts: Mapping[str, list[Row]], rates: Rates | None) -> str:
    account = f"{origin['account_id']}. " if origin["account_id"] else ""
    return (
        f"{account}Made by stripe-saas {version('source-stripe-saas')} from the models of its dbt "
        f"project. {_about_currencies(parts, rates)} The last month is the one under way."
    )


def _about_currencies(parts: Mapping[str, list[Row]], rates: Rates | None) -> str:
    if rates is None:
        return "Currencies never add up unless exchange rates are given."
    text = (
        f"All currencies in {rates.code.upper()}: amounts of a month at its rate; retention, "
        "signals, renewals and customers at the last one. Among signals and top customers, one "
        "counts once in each currency."
    )
    rows = (row for each in parts.values() for row in each)
    if missing := reporting.without_rate(rows, rates):
        text += f" Left out, as no rate is known: {', '.join(missing).upper()}."
    return text
