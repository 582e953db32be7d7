"""The report with a reporting currency, in a browser: every part of it follows the choice."""

import duckdb
import pytest

from integration_tests.report.browser import chromium, shown
from integration_tests.report.test_report import CHARTS
from integration_tests.warehouse.raw_tables import load_duckdb
from integration_tests.warehouse.sandbox_records import records_of
from stripe_saas import cli
from stripe_saas.warehouse.models import build_models
from stripe_saas.warehouse.target import Target
from stripe_sandbox.account import open_account

pytestmark = pytest.mark.slow

RATES = {"eur": 1.0834, "gbp": 1.2717, "jpy": 0.0064, "kwd": 3.2535}
# What stands there is never the same for one currency and for all.
FOLLOWING = (
    *("mrr", "arr", "mrr-delta", "note-movements", "note-trials", "note-churn", "note-renewals"),
    *("note-net", "facts-payments", "table-risk", "table-renewals", "table-customers", "tiles"),
)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A warehouse whose rates rise by a hundredth each month."""
    folder = tmp_path_factory.mktemp("currencies")
    path = folder / "w.duckdb"
    account = open_account("company", seed=7, customers=120, months=12, traceable=True)
    load_duckdb(path, folder, records_of(account), account.store.now)
    rates = ", ".join(
        f"(last_day(date '2024-01-01' + interval '1 month' * {month}), '{currency}', 'usd', "
        f"{rate} * (1 + {month} * 0.01))"
        for currency, rate in RATES.items()
        for month in range(36)
    )
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create table stripe_raw.rates (rate_date date, currency varchar, "
            "reporting_currency varchar, rate decimal(17, 11))"
        )
        connection.execute(f"insert into stripe_raw.rates values {rates}")
    variables = {"fx_mode": "month_end", "fx_rates_relation": "stripe_raw.rates"}
    result = build_models(Target("duckdb", path=path), variables=variables)
    assert result.is_good, result.problems
    return path


@pytest.fixture(scope="module")
def page(database):
    path = database.with_name("report.html")
    assert cli.run(["report", "--warehouse", str(database), "--out", str(path)]) == 0
    with chromium() as browser:
        found = shown(browser, path)
        yield found
        assert not found.complaints


def rows(database, sql):
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_all_currencies_come_first_and_every_part_follows_the_choice(page):
    page.choose_range(0)
    assert page.page.input_value("#currency") == "reporting"
    together = {name: page.text(f"#{name}") for name in FOLLOWING}
    for name in CHARTS:
        marks = page.page.locator(
            f'#chart-{name} svg path[fill]:not([fill="none"]):not([fill="transparent"])'
        )
        assert marks.count() >= 1, name
    page.choose_currency("usd")
    alone = {name: page.text(f"#{name}") for name in FOLLOWING}
    assert [name for name in FOLLOWING if together[name] == alone[name]] == []
    page.choose_currency("reporting")
    assert {name: page.text(f"#{name}") for name in FOLLOWING} == together


def test_mrr_and_what_rates_did_are_the_warehouses(page, database):
    [(closing, fx)] = rows(
        database,
        "select max(case when is_open then closing_minor end), sum(fx_minor) "
        "from stripe_marts.mrr_monthly where basis = 'reporting'",
    )
    page.choose_currency("reporting")
    page.choose_range(0)
    assert page.minor("#mrr") == closing
    assert fx != 0
    assert "Exchange rates" in page.page.inner_html("#chart-waterfall")
    page.choose_currency("usd")
    assert "Exchange rates" not in page.page.inner_html("#chart-waterfall")


def test_amounts_of_other_currencies_are_turned_at_their_months_rate(page, database):
    page.choose_currency("reporting")
    page.choose_range(0)
    factor = (
        "case currency when 'usd' then 1 when 'eur' then 1.0834 when 'gbp' then 1.2717 "
        "when 'jpy' then 0.64 else 0.32535 end"
    )
    # Months of the rates are counted from January 2024; that of June is not known on the 15th.
    at_month = "(1 + 0.01 * date_diff('month', date '2024-01-01', least({}, date '2026-05-31')))"
    [(gross, net)] = rows(
        database,
        f"select sum(gross_minor * rate), sum(net_minor * rate) from (select *, case currency "
        f"when 'usd' then 1 else {factor} * {at_month.format('date_month')} end as rate "
        "from stripe_marts.revenue_daily)",
    )
    said = page.text("#note-net")
    assert abs(float(said[1:].split()[0].replace(",", "")) - float(net) / 100) < 0.2
    assert f"{100 * float(net) / float(gross):.1f}% of what was charged" in said
    last = at_month.format("date '2026-06-15'")
    top = rows(
        database,
        f"select mrr_minor * case currency when 'usd' then 1 else {factor} * {last} end as mrr "
        "from stripe_marts.customers order by mrr desc limit 12",
    )
    found = page.page.locator("#table-customers td[data-minor]").all()
    told = [int(cell.get_attribute("data-minor")) for cell in found]
    assert len(told) == 12
    assert all(abs(mine - float(theirs)) <= 0.51 for mine, (theirs,) in zip(told, top, strict=True))
