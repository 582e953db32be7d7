"""`stripe-saas report` in a browser: what is on the page is what is in the warehouse."""

import json
import re

import duckdb
import pytest

from integration_tests.report.browser import PHONE, chromium, shown
from integration_tests.warehouse.raw_tables import load_duckdb
from integration_tests.warehouse.sandbox_records import records_of
from stripe_saas import cli
from stripe_saas.report.page import page_of
from stripe_saas.warehouse.models import build_models
from stripe_saas.warehouse.target import Target
from stripe_sandbox.account import open_account

pytestmark = pytest.mark.slow

CHARTS = ("mrr", "movements", "waterfall", "plans", "cohorts", "trials", "churn", "net", "payments")
EVIL = "<img src=x onerror=\"document.title='stolen'\"></script>"


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A warehouse with models; one customer bears a name that is markup."""
    folder = tmp_path_factory.mktemp("report")
    path = folder / "w.duckdb"
    account = open_account("company", seed=7, customers=150, months=15, traceable=True)
    load_duckdb(path, folder, records_of(account), account.store.now)
    with duckdb.connect(str(path)) as connection:
        connection.execute("update stripe_raw.customers set name = ?", [EVIL])
    # As a process of its own: within this one, closing the file may wait for ever.
    result = build_models(Target("duckdb", path=path))
    assert result.is_good, result.problems
    return path


@pytest.fixture(scope="module")
def report(database):
    path = database.with_name("report.html")
    assert cli.run(["report", "--warehouse", str(database), "--out", str(path)]) == 0
    return path


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser, report):
    found = shown(browser, report)
    yield found
    assert not found.complaints
    assert found.page.title() != "stolen"
    found.page.close()


def rows(database, sql):
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def data_of(report):
    """What the page was made of."""
    block = re.search(r'id="data">(.*?)</script>', report.read_text(encoding="utf-8"), re.S)
    return json.loads(block[1])


def in_range(database, currency, months):
    """Opening, added, lost, closing and customers of a currency's last months."""
    found = rows(
        database,
        f"""select opening_minor, new_minor + expansion_minor + reactivation_minor,
        contraction_minor + churn_minor, closing_minor, customers
        from stripe_marts.mrr_monthly where basis = 'currency' and currency = '{currency}'
        order by date_month desc limit {months or 1000}""",
    )
    return {
        "opening": found[-1][0],
        "added": sum(row[1] for row in found),
        "lost": sum(row[2] for row in found),
        "closing": found[0][3],
        "customers": found[0][4],
    }


def currencies(database):
    found = rows(database, "select distinct currency from stripe_marts.mrr_monthly order by 1")
    return [row[0] for row in found]


def test_every_figure_is_the_warehouses_in_every_currency_and_range(page, database):
    assert len(currencies(database)) > 1
    for currency in currencies(database):
        page.choose_currency(currency)
        for months in (3, 12, 0):
            page.choose_range(months)
            true = in_range(database, currency, months)
            assert page.minor("#mrr") == true["closing"]
            assert page.minor("#arr") == 12 * true["closing"]
            assert page.minor("#tile-added") == true["added"]
            assert page.minor("#tile-lost") == true["lost"]
            assert page.minor("#tile-customers") == true["customers"]


def test_churn_is_divided_as_the_models_divide_it(page, database):
    page.choose_currency("usd")
    for months in (3, 0):
        page.choose_range(months)
        lost, net, opening, left, customers = rows(
            database,
            "select sum(lost_minor), sum(net_lost_minor), sum(rated_opening_minor), "
            "sum(lost_customers), sum(opening_customers) from (select * "
            "from stripe_marts.mrr_monthly where basis = 'currency' and currency = 'usd' "
            f"order by date_month desc limit {months or 1000}) as months",
        )[0]
        assert page.share("#tile-mrr-churn") == pytest.approx(float(lost / opening))
        assert page.share("#tile-customer-churn") == pytest.approx(float(left / customers))
        share = f"{100 * net / opening:.1f}%".replace("-", "\N{MINUS SIGN}")
        assert f"net {share}" in page.text("#tiles")


def test_amounts_are_written_in_their_currencys_own_unit(page, database):
    [(minor,)] = rows(
        database,
        "select closing_minor from stripe_marts.mrr_monthly where currency = 'usd' "
        "order by date_month desc limit 1",
    )
    page.choose_currency("usd")
    assert page.text("#mrr") == f"${(minor + 50) // 100:,}"
    assert page.text("#arr") == f"${(12 * minor + 50) // 100:,}"


def test_filters_change_what_is_shown(page):
    page.choose_currency("usd")
    seen = set()
    for months in (3, 6, 12):
        page.choose_range(months)
        seen.add((page.text("#tile-added"), page.text("#mrr-delta"), page.text("#note-movements")))
    assert len(seen) == 3
    before = page.text("#mrr")
    page.choose_currency("eur")
    assert page.text("#mrr") != before


def test_every_chart_has_marks(page):
    page.choose_range(0)
    for name in CHARTS:
        # Axes and grids are lines; what stands for a number is filled.
        marks = page.page.locator(
            f'#chart-{name} svg path[fill]:not([fill="none"]):not([fill="transparent"])'
        )
        assert marks.count() >= 1, name


def test_plans_add_up_to_mrr_in_every_month(report, database):
    by_plan = rows(
        database,
        "select date_month, currency, sum(mrr_minor) from stripe_marts.mrr_by_plan group by 1, 2",
    )
    months = rows(
        database,
        "select date_month, currency, closing_minor from stripe_marts.mrr_monthly "
        "where basis = 'currency' and closing_minor <> 0",
    )
    assert sorted(by_plan) == sorted(months)
    shown_rows = data_of(report)["mrr_by_plan"]
    assert sum(row["mrr"] for row in shown_rows) == sum(row[2] for row in by_plan)


def test_tables_show_what_the_models_hold(page, database):
    page.choose_currency("usd")
    page.choose_range(0)
    at_risk = dict(
        rows(
            database,
            "select reason, sum(mrr_at_risk_minor) from stripe_marts.churn_signals "
            "where is_risk and currency = 'usd' group by 1",
        )
    )
    found = page.page.locator("#table-risk td[data-minor]").all()
    assert sorted(int(cell.get_attribute("data-minor")) for cell in found) == sorted(
        at_risk.values()
    )
    top = rows(
        database,
        "select mrr_minor from stripe_marts.customers where currency = 'usd' "
        "order by mrr_minor desc limit 12",
    )
    found = page.page.locator("#table-customers td[data-minor]").all()
    assert [int(cell.get_attribute("data-minor")) for cell in found] == [row[0] for row in top]
    assert EVIL in page.text("#table-customers")


def test_gross_to_net_and_trials_are_sums_of_the_models(page, report, database):
    page.choose_currency("usd")
    page.choose_range(0)
    [(gross, net)] = rows(
        database,
        "select sum(gross_minor), sum(net_minor) from stripe_marts.revenue_daily "
        "where currency = 'usd'",
    )
    assert page.text("#note-net") == (
        f"${net / 100:,.2f} arrived, {100 * net / gross:.1f}% of what was charged"
    )
    [(trials, conversions, still)] = rows(
        database,
        "select sum(trials), sum(conversions), sum(open_trials) "
        "from stripe_marts.trial_conversions where currency = 'usd'",
    )
    assert page.text("#note-trials").startswith(f"{100 * conversions / (trials - still):.1f}% of")


def test_the_quality_box_is_green_only_if_every_check_holds(page, browser, database, report):
    checks = rows(database, "select is_good from stripe_marts.data_quality")
    assert all(row[0] for row in checks)
    assert f"All {len(checks)} checks hold" in page.text("#quality")
    data = data_of(report)
    data["data_quality"][0] |= {"is_good": False, "found": 7, "difference": 7}
    path = report.with_name("wrong.html")
    path.write_text(page_of(data), encoding="utf-8")
    wrong = shown(browser, path)
    assert f"1 check of {len(checks)} failed" in wrong.text("#quality")
    assert wrong.page.locator("#quality .verdict.wrong").count() == 1
    wrong.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_machines_theme_and_can_be_switched(browser, report, scheme):
    found = shown(browser, report, scheme=scheme)
    background = "getComputedStyle(document.body).backgroundColor"
    first = found.page.evaluate(background)
    level = sum(int(part) for part in first.strip("rgb()").split(",")) / 3
    assert (level > 128) == (scheme == "light")
    found.page.click("#theme")
    assert found.page.evaluate(background) != first
    assert found.page.locator("#chart-mrr svg path").count() > 3
    assert not found.complaints
    found.page.close()


def test_a_phone_shows_it_without_scrolling_sideways(browser, report):
    found = shown(browser, report, viewport=PHONE)
    assert found.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert not found.complaints
    found.page.close()


def test_no_address_is_in_the_file_unless_asked_for(database, report):
    emails = [row[0] for row in rows(database, "select email from stripe_raw.customers")]
    emails = [email for email in emails if email]
    assert emails
    text = report.read_text(encoding="utf-8")
    assert not [email for email in emails if email in text]
    asked = report.with_name("emails.html")
    assert cli.run(["report", "--warehouse", str(database), "--out", str(asked), "--emails"]) == 0
    assert [email for email in emails if email in asked.read_text(encoding="utf-8")]


def test_a_warehouse_without_models_is_told_in_words(tmp_path, capsys):
    path = tmp_path / "empty.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table t (a int)")
    assert cli.run(["report", "--warehouse", str(path), "--out", str(tmp_path / "r.html")]) == 1
    assert "there are no models" in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()
