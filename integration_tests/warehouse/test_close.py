"""A company whose months are closed and then disturbed in every way that has a name.

Amounts are in cents. `CAUSES` is worked out by hand: what each disturbance adds to the closing MRR
of January to April, each of which was closed before.
Longer than most files: the company takes long to build, and everything is asked of the same one.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from copy import deepcopy

import pytest

from integration_tests.warehouse.handmade import Handmade, life, seconds
from integration_tests.warehouse.raw_tables import load_duckdb
from stripe_saas import cli

pytestmark = pytest.mark.slow

MODELS = (
    *("--select", "+data_quality", "+mrr_monthly_closed", "+restatements"),
    "int_stripe__model_options",
)
WITHOUT_TESTS = ("--exclude-resource-type", "test")
VARIABLES = {
    "fx_mode": "month_end",
    "fx_rates_relation": "stripe_raw.rates",
    "identity_overrides_relation": "stripe_raw.overrides",
}
RATES = (
    ("2026-01-31", "eur", "1.10"),
    ("2026-02-28", "eur", "1.20"),
    ("2026-03-31", "eur", "1.25"),
    ("2026-04-30", "eur", "1.15"),
    ("2026-05-31", "eur", "1.15"),
)


def dated(rows, **values):
    """Rows with what says how they were made."""
    made = {"options_fingerprint": "one", "semantics_version": "v2", "is_estimated": False}
    return [{**row, **made, **values} for row in rows]


def worth(row, after, **values):
    """Changes what a row's subscription is worth after it."""
    row |= values
    row |= {"mrr_after": after, "mrr_delta": after - row["mrr_before"]}
    row["items_after"] = [{**row["items_after"][0], "mrr": after}]


def in_march():
    """The ledger of the sync of 2 March, subscription by subscription."""
    return {
        "late": dated(
            life("s_late", "late", ("2026-01-05", "activated", 1000)),
        ),
        "option": dated(life("s_option", "option", ("2026-01-06", "activated", 2000))),
        "euro": dated(life("s_euro", "euro", ("2026-01-07", "activated", 905), currency="eur")),
        "two_euro": dated(life("s_eur2", "two", ("2026-01-07", "activated", 333), currency="eur")),
        "two_dollar": dated(life("s_usd2", "two", ("2026-01-07", "activated", 77))),
        "renamed": dated(life("s_renamed", "renamed", ("2026-01-08", "activated", 3000))),
        "deleted": dated(
            life(
                "s_deleted",
                "deleted",
                ("2026-01-09", "activated", 400),
                ("2026-02-20", "quantity_increased", 600),
            )
        ),
        "estimate": dated(
            life("s_estimate", "estimate", ("2026-01-10", "activated", 700)), is_estimated=True
        ),
        "rules": dated(life("s_rules", "rules", ("2026-01-11", "activated", 800))),
        "zone": dated(life("s_zone", "zone", ("2026-02-01 02:00", "activated", 100))),
        "adjusted": dated(life("s_adjusted", "adjusted", ("2026-01-12", "activated", 120))),
        "trial": dated(life("s_trial", "trial", ("2026-01-13", "trial_started", 0))),
    }


def in_may():
    """That of 2 May: one subscription of February came late; March brought an upgrade."""
    ledger = in_march()
    ledger["found"] = dated(life("s_found", "found", ("2026-02-25", "activated", 50)))
    ledger["late"] = dated(
        life(
            "s_late",
            "late",
            ("2026-01-05", "activated", 1000),
            ("2026-03-10", "upgraded", 1500),
        )
    )
    return ledger


def in_june():
    """That of 2 June, with all disturbances but those of rates, ids and time zones."""
    ledger = deepcopy(in_may())
    first, upgrade = ledger["late"]
    between = dated(life("s_late", "late", ("2026-02-15", "quantity_increased", 1300)))[0]
    worth(between, 1300, event_id="s_late-x", sequence=2, mrr_before=1000, status_before="active")
    upgrade |= {"sequence": 3, "mrr_before": 1300, "mrr_delta": 200}
    ledger["late"] = [first, between, upgrade]
    for name, minor in (("option", 1800), ("two_euro", 300), ("trial", 60)):
        for row in ledger[name]:
            worth(row, minor, options_fingerprint="two")
    del ledger["deleted"]
    worth(ledger["estimate"][0], 650, is_estimated=False)
    worth(ledger["rules"][0], 850, semantics_version="v3")
    [began] = ledger["adjusted"]
    better = {**began, "adjustment_reason": "better_estimate", "event_type": "adjusted"}
    better |= {"event_id": "s_adjusted-x", "sequence": 2, "occurred_at": "2026-04-10T00:00:00Z"}
    worth(better, 145, mrr_before=120, status_before="active")
    ledger["adjusted"] = [began, better]
    return ledger


JANUARY, FEBRUARY, MARCH, APRIL = MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04")
CAUSES = {
    # (client, currency, cause): by how much each month's closing is another
    ("late", "usd", "late_event"): {FEBRUARY: 300},  # in March it is 1500 either way
    ("found", "usd", "late_event"): {FEBRUARY: 50},  # March and April were closed with it
    ("option", "usd", "changed_option"): dict.fromkeys(MONTHS, -200),
    ("two", "eur", "changed_option"): dict.fromkeys(MONTHS, -33),
    ("trial", "usd", "changed_option"): dict.fromkeys(MONTHS, 60),
    ("renamed", "usd", "identity_rule"): dict.fromkeys(MONTHS, -3000),
    ("team_1", "usd", "identity_rule"): dict.fromkeys(MONTHS, 3000),
    ("deleted", "usd", "deleted_data"): {JANUARY: -400, **dict.fromkeys(MONTHS[1:], -600)},
    ("estimate", "usd", "better_evidence"): dict.fromkeys(MONTHS, -50),
    ("adjusted", "usd", "better_evidence"): {APRIL: 25},
    ("rules", "usd", "changed_rules"): dict.fromkeys(MONTHS, 50),
}
# February's rate of euros was 1.20 and is 1.25. 905 * 1.20 = 1086, 905 * 1.25 = 1131.25: 45 more.
# Client `two` has 77 dollars and 333, then 300 euros: 77 + 399.6 = 476.6 is 477; with the new rate
# 77 + 416.25 = 493.25 is 493, so 16 more; with 300 euros 77 + 375 = 452, so 41 less.
# Elsewhere the option alone: January 1.10: 443.3 is 443, then 407; March 1.25: 493.25 is 493, then
# 452; April 1.15: 77 + 382.95 = 459.95 is 460, then 77 + 345 = 422.
IN_DOLLARS = {
    ("euro", "rate"): {FEBRUARY: 45},
    ("two", "rate"): {FEBRUARY: 16},
    ("two", "changed_option"): {JANUARY: -36, FEBRUARY: -41, MARCH: -41, APRIL: -38},
}


class Company(Handmade):
    """A warehouse in which the months were closed."""

    def __init__(self, folder):
        super().__init__(folder, {"subscription_events": []}, "2026-03-02 12:00")
        self.execute(
            "create table stripe_raw.rates (rate_date date, currency varchar, "
            "reporting_currency varchar, rate numeric(17, 11))",
            *(
                f"insert into stripe_raw.rates values ('{day}', '{currency}', 'usd', {rate})"
                for day, currency, rate in RATES
            ),
            "create table stripe_raw.overrides (customer_id varchar, entity_id varchar)",
        )
        self.option = f"--warehouse=duckdb:///{self.file}"
        self.closed_clients = {}

    def sync(self, ledger, now):
        """Puts a ledger in the place of the one before."""
        rows = [row for each in ledger.values() for row in each]
        load_duckdb(self.file, self.folder, {"subscription_events": rows}, seconds(now))

    def copied(self, folder):
        """The same warehouse in another folder."""
        copy = deepcopy(self)
        copy.folder, copy.file = folder, folder / self.file.name
        copy.file.write_bytes(self.file.read_bytes())
        copy.option = f"--warehouse=duckdb:///{copy.file}"
        return copy

    def close(self, *words):
        """Runs `stripe-saas close`."""
        return cli.run(["close", *words, self.option])

    def close_month(self, month):
        """Closes one, and notes what each client has then."""
        assert self.close(month) == 0
        self.closed_clients[month] = self.clients(month)

    def clients(self, month):
        """(client, currency) -> what it has today at a month's end."""
        rows = self.rows(
            "select client_id, currency, closing_minor from int_stripe__client_months "
            f"where month_start = '{month}-01'"
        )
        return {(client, currency): minor for client, currency, minor in rows}

    def closed_figures(self):
        """Everything that was reported."""
        return self.rows(
            "select * exclude (current_closing_minor, restated_minor) from mrr_monthly_closed "
            "order by date_month, basis, currency"
        )

    def causes(self, basis):
        """(client, currency, cause) -> month -> amount."""
        found = {}
        for client, currency, cause, month, minor in self.rows(
            "select client_id, currency, cause, strftime(date_month, '%Y-%m'), restated_minor "
            f"from restatements where basis = '{basis}'"
        ):
            found.setdefault((client, currency, cause), {})[month] = minor
        return found


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """January and February closed in March, March and April in May; disturbed in June."""
    company = Company(tmp_path_factory.mktemp("close"))
    company.sync(in_march(), "2026-03-02 12:00")
    assert company.build(*MODELS, *WITHOUT_TESTS, **VARIABLES).success
    company.close_month(JANUARY)
    company.close_month(FEBRUARY)
    company.sync(in_may(), "2026-05-02 12:00")
    assert company.build(*MODELS, *WITHOUT_TESTS, **VARIABLES).success
    company.close_month(MARCH)
    company.close_month(APRIL)
    company.build("--select", "int_stripe__closes", "mrr_monthly_closed", **VARIABLES)
    company.reported = company.closed_figures()
    company.sync(in_june(), "2026-06-02 12:00")
    company.execute(
        "update stripe_raw.rates set rate = 1.25 where rate_date = '2026-02-28'",
        "insert into stripe_raw.overrides values ('renamed', 'team_1')",
    )
    built = company.build("--indirect-selection=cautious", *MODELS, **VARIABLES)
    assert built.success, built.bad
    return company


def test_closed_figures_never_move(company):
    assert company.closed_figures() == company.reported
    # late, option, renamed, deleted, estimate, rules, adjusted, of client `two`
    january = 1000 + 2000 + 3000 + 400 + 700 + 800 + 120 + 77
    euros = 905 + 333
    closings = company.rows(
        "select basis, currency, closing_minor from mrr_monthly_closed "
        "where date_month = '2026-01-01' order by 1, 2"
    )
    assert closings == [
        ("currency", "eur", euros),
        ("currency", "usd", january),
        # 905 * 1.10 = 995.5 is 996; 77 + 333 * 1.10 = 443.3 is 443
        ("reporting", "usd", january - 77 + 996 + 443),
    ]


def test_every_later_difference_has_the_cause_that_it_has(company):
    assert company.causes("currency") == CAUSES


def test_exchange_rates_are_a_cause_beside_the_others_to_the_unit(company):
    in_dollars = {
        (client, "usd", cause): months
        for (client, currency, cause), months in CAUSES.items()
        if currency == "usd"
    }
    in_dollars |= {(client, "usd", cause): by for (client, cause), by in IN_DOLLARS.items()}
    assert company.causes("reporting") == in_dollars


def test_restatements_add_up_to_the_difference_of_each_client_and_month(company):
    found = company.causes("currency")
    for month in MONTHS:
        then, today = company.closed_clients[month], company.clients(month)
        assert then
        for client, currency in {*then, *today}:
            restated = sum(
                by.get(month, 0) for key, by in found.items() if key[:2] == (client, currency)
            )
            difference = today.get((client, currency), 0) - then.get((client, currency), 0)
            assert restated == difference, (month, client, currency)


def test_restatements_add_up_to_the_difference_of_each_figure(company):
    rows = company.rows(
        """
        select closed.restated_minor, coalesce(sum(restatements.restated_minor), 0)
        from mrr_monthly_closed as closed
        left join restatements using (date_month, basis, currency)
        group by closed.date_month, closed.basis, closed.currency, closed.restated_minor
        """
    )
    assert len(rows) == 12
    assert all(wanted == found for wanted, found in rows)
    assert any(wanted for wanted, _ in rows)


def test_a_close_copies_only_what_changed_since_the_last_one(company):
    copied = company.rows(
        "select close_number, string_agg(event_id, ' ' order by event_id) "
        "from stripe_closed.ledger_rows group by 1 order by 1"
    )
    assert copied == [
        (
            1,
            "s_adjusted-1 s_deleted-1 s_estimate-1 s_eur2-1 s_euro-1 s_late-1 s_option-1 "
            "s_renamed-1 s_rules-1 s_trial-1 s_usd2-1",
        ),
        (2, "s_deleted-2 s_zone-1"),
        (3, "s_found-1 s_late-2"),
    ]


def test_another_time_zone_is_a_changed_option(company, tmp_path):
    # 02:00 on 1 February in UTC is in January in New York.
    variables = {**VARIABLES, "reporting_timezone": "America/New_York"}
    company = company.copied(tmp_path)
    assert company.build(*MODELS, *WITHOUT_TESTS, **variables).success
    assert company.causes("currency") == {
        **CAUSES,
        ("zone", "usd", "changed_option"): {JANUARY: 100},
    }


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            "update stripe_closed.ledger_rows set client_id = 'Late' where event_id = 's_late-2'",
            "close: close 3 of 2026-03: row 2 of stripe_closed.ledger_rows differs: event_id "
            "s_late-2.",
        ),
        (
            "update stripe_closed.figures set closing_minor = closing_minor + 1 "
            "where close_number = 4 and basis = 'reporting'",
            "close: close 4 of 2026-04: row 3 of stripe_closed.figures differs: currency usd.",
        ),
        (
            "update stripe_closed.rates set factor = factor || '0' where close_number = 2",
            "close: close 2 of 2026-02: row 1 of stripe_closed.rates differs: currency eur.",
        ),
        (
            "delete from stripe_closed.ledger_rows where event_id = 's_zone-1'",
            "close: close 2 of 2026-02: stripe_closed.ledger_rows has 1 rows of 2.",
        ),
        (
            "delete from stripe_closed.ledger_rows where event_id = 's_deleted-2'",
            "close: close 2 of 2026-02: row 1 of stripe_closed.ledger_rows is missing, or there "
            "twice.",
        ),
        (
            "update stripe_closed.closes set accepted = '{}' where close_number = 2",
            "close: close 2 of 2026-02: its row in stripe_closed.closes was changed.",
        ),
        (
            "delete from stripe_closed.closes where close_number = 2",
            "close: close 2 is missing, or was written twice.",
        ),
        (
            "insert into stripe_closed.rates values (9, 1, 'eur', '1', '1', 'x')",
            "close: stripe_closed.rates has 1 rows that belong to no close.",
        ),
    ],
    ids=[
        *("row", "figure", "rate", "last_row_gone", "first_row_gone", "close", "close_gone"),
        "row_of_no_close",
    ],
)
def test_verify_names_the_first_row_that_differs(company, tmp_path, capsys, statement, named):
    company = company.copied(tmp_path)
    assert company.close("--verify") == 0
    assert capsys.readouterr().out.startswith("Verified 4 closes and 35 rows. Hash of the last")
    company.execute(statement)
    assert company.close("--verify") == 1
    assert capsys.readouterr().err == named + "\n"


def test_a_hash_that_was_kept_elsewhere_is_looked_for(company, capsys):
    [(kept,)] = company.rows("select close_hash from stripe_closed.closes where close_number = 3")
    assert company.close("--verify", "--expect", kept) == 0
    capsys.readouterr()
    assert company.close("--verify", "--expect", "0" * 64) == 1
    assert capsys.readouterr().err == (
        "close: the chain is whole, but has no close of this hash.\n"
    )


MAY_ENDS = "2026-06-01 00:00 UTC, when 2026-05 ends in UTC"


@pytest.mark.parametrize(
    ("month", "statement", "said"),
    [
        (
            "2026-05",
            "update stripe_raw._stripe_saas_syncs set status = 'incomplete'",
            "the last sync is not complete, but incomplete: run stripe-saas sync again.",
        ),
        (
            "2026-05",
            "drop table stripe_raw._stripe_saas_syncs",
            "there is no log of syncs, so that it is not known whether Stripe was read to its end: "
            "run stripe-saas sync.",
        ),
        (
            "2026-05",
            "update stripe_raw._stripe_saas_syncs set synced_at = synced_at + 60",
            "the models are not those of the last sync: run stripe-saas models without as_of.",
        ),
        (
            "2026-05",
            "update stripe_raw._stripe_saas_sync_streams set synced_at = 1780271999",
            f"subscription_events was not read to its end after {MAY_ENDS}: run stripe-saas sync "
            "with all its streams.",
        ),
        (
            "2026-06",
            "drop schema stripe_closed cascade",
            "the last sync is of 2026-06-02 12:00 UTC: sync again after 2026-07-01 00:00 UTC, when "
            "2026-06 ends in UTC.",
        ),
        (
            "2026-05",
            "update stripe_marts.data_quality set is_good = false, difference = 3 "
            "where check_name = 'periods_do_not_overlap'",
            "data_quality is not good: periods_do_not_overlap of subscriptions is off by 3; mend "
            "it, or accept it with --accept periods_do_not_overlap.",
        ),
        (
            "2026-05",
            "update stripe_marts.customer_mrr_movements set is_provisional = true "
            "where client_id = 'found'",
            "movements up to the end of 2026-05 are provisional (1), as a client that left may "
            "still switch: sync again when switch_window_hours have passed.",
        ),
        (
            "2026-05",
            "update stripe_marts.mrr_monthly set closing_minor = closing_minor + 1",
            "the rows of 2026-05 in eur do not add up to mrr_monthly: run stripe-saas models "
            "again.",
        ),
        (
            "2026-05",
            "create table stripe_raw._stripe_saas_builds as select false as is_good, "
            "'a test failed' as problem",
            "the last build of the models failed (a test failed): mend it first.",
        ),
        (
            "2026-05",
            "drop table stripe_marts.data_quality",
            "the schema stripe_marts does not hold the models of this version: run stripe-saas "
            "models first.",
        ),
        (
            "2025-12",
            "drop schema stripe_closed cascade",
            "mrr_monthly has no row of 2025-12: history begins with 2026-01.",
        ),
    ],
    ids=[
        *("incomplete", "no_log", "other_sync", "ledger_behind", "not_over", "quality"),
        *("provisional", "sums", "failed_build", "no_models", "before_history"),
    ],
)
def test_what_is_open_is_said_in_one_line_and_nothing_is_written(
    company, tmp_path, capsys, month, statement, said
):
    company = company.copied(tmp_path)
    company.execute(statement)
    before = tables(company)
    assert company.close(month) == 1
    assert capsys.readouterr().err == f"close: {said}\n"
    assert tables(company) == before


def tables(company):
    """The closed tables and what is in them."""
    names = company.rows(
        "select table_name from duckdb_tables() where schema_name = 'stripe_closed' order by 1"
    )
    return {name: company.rows(f"from stripe_closed.{name} order by all") for (name,) in names}


def test_a_month_is_reopened_and_closed_again_and_nothing_is_lost(company, tmp_path, capsys):
    company = company.copied(tmp_path)
    before = tables(company)
    assert company.close("2026-04", "--reopen", "--because", "  a typing error ") == 0
    assert company.close("2026-04") == 0
    assert company.close("2026-05") == 0
    assert company.close("--verify") == 0
    assert company.rows(
        "select close_number, kind, strftime(month_start, '%Y-%m'), because, row_count "
        "from stripe_closed.closes where close_number > 4 order by 1"
    ) == [
        (5, "reopen", "2026-04", "a typing error", 0),
        # All that was disturbed: late 2, option, two, renamed, deleted 2, estimate, rules, trial,
        # adjusted's second row.
        (6, "close", "2026-04", None, 11),
        (7, "close", "2026-05", None, 0),
    ]
    for name, rows in before.items():
        assert set(rows) <= set(tables(company)[name]), name
    capsys.readouterr()
    assert company.close() == 0
    assert capsys.readouterr().out.endswith("Closed: 2026-01 to 2026-05.\n")
    assert company.build(*MODELS, *WITHOUT_TESTS, **VARIABLES).success
    left = {month for months in company.causes("currency").values() for month in months}
    assert left == {JANUARY, FEBRUARY, MARCH}
    assert company.causes("currency")["deleted", "usd", "deleted_data"] == {
        JANUARY: -400, FEBRUARY: -600, MARCH: -600
    }  # fmt: skip


def test_a_check_that_was_accepted_stands_in_the_close(company, tmp_path):
    company = company.copied(tmp_path)
    company.execute(
        "update stripe_marts.data_quality set is_good = false, difference = 3 "
        "where check_name = 'periods_do_not_overlap'"
    )
    assert company.close("2026-05", "--accept", "another_check") == 1
    assert company.close("2026-05", "--accept", "another_check", "periods_do_not_overlap") == 0
    assert company.rows(
        "select close_number, accepted from stripe_closed.closes where accepted is not null"
    ) == [(5, '{"periods_do_not_overlap/subscriptions": 3}')]


KILLED = """
import os, signal, sys
from stripe_saas import cli
from stripe_saas.close import freeze

written = freeze.write_entry

def killed(*arguments):
    written(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)

freeze.write_entry = killed
cli.run(["close", *sys.argv[1:]])
"""


@pytest.mark.parametrize("month", [JANUARY, "2026-05"], ids=["first", "later"])
def test_a_close_that_is_killed_leaves_nothing(company, tmp_path, month):
    company = company.copied(tmp_path)
    if month == JANUARY:
        company.execute("drop schema stripe_closed cascade")
    before = tables(company)
    process = subprocess.run([sys.executable, "-c", KILLED, month, company.option], check=False)
    assert process.returncode == -signal.SIGKILL
    assert tables(company) == before
    assert company.close(month) == 0
    assert company.close("--verify") == 0


def test_options_that_do_not_belong_together_are_refused(company, capsys):
    for words, said in {
        ("2026-04", "--reopen"): "--reopen needs a month, and --because TEXT.",
        ("--reopen", "--because", "x"): "--reopen needs a month, and --because TEXT.",
        ("2026-05", "--because", "x"): "--because belongs to --reopen.",
        ("--expect", "x"): "--expect belongs to --verify.",
        ("2026-05", "--verify"): "--verify recomputes all closes: leave the month out.",
        ("may",): "'may' is not a month: write it as 2026-10.",
    }.items():
        assert company.close(*words) == 1
        assert capsys.readouterr().err == f"close: {said}\n"
