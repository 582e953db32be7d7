"""Option `reread_days`: the past is read again, a part in each sync, whatever events say."""

from datetime import datetime, timezone

import pytest

from source_stripe_saas.streams import slow_reread
from source_stripe_saas.streams.position import Position
from source_stripe_saas.streams.slow_reread import span_due
from unit_tests.builders import DAY, NOW
from unit_tests.source_stripe_saas.engine.reading import a_state, read_by_pages
from unit_tests.stripe_server import ACCOUNT, serving

pytestmark = pytest.mark.usefixtures("no_waiting")

OPENED = ACCOUNT["created"]
STEP = (NOW - OPENED) // 301


def customers(count=300):
    """Evenly over the account's life, newest first; no event tells of any of them."""
    return [
        {"id": f"cus_{n}", "object": "customer", "created": NOW - n * STEP}
        for n in range(1, count + 1)
    ]


class Account:
    def __init__(self, **config):
        self.config = config
        self.state = {"updated": NOW - DAY}
        self.now = NOW

    def sync(self, *names):
        """Numbers of the customers that a sync brings, a day after the last one."""
        with serving(lists={"customers": customers()}, now=self.now) as self.stripe:
            output = read_by_pages(
                "customers", *names, config=self.config, state=a_state(customers=self.state)
            )
        assert output.errors() == []
        self.state = output.states("customers")[-1]
        self.now += DAY
        return [int(row["data"]["id"][4:]) for row in output.of_type("RECORD")]

    @property
    def asked(self):
        return self.stripe.asked()["customers"]


def test_by_default_nothing_old_is_read_again():
    account = Account()
    assert account.sync() == []
    assert account.asked == 1  # what is new is listed
    assert "reread" not in account.state


def test_each_sync_reads_a_part_from_the_newest_to_the_oldest_then_begins_anew():
    """A day is a tenth of ten days: 30 of 300 customers are due, and a page holds 100."""
    account = Account(reread_days=10)
    assert account.sync() == list(range(1, 101))
    assert account.asked == 2  # one page beside what is new
    assert account.state["reread"] == NOW - 100 * STEP
    assert account.sync() == list(range(100, 200))  # the second of the border twice
    assert account.sync() == list(range(199, 299))
    assert account.sync() == [298, 299, 300]
    assert account.state["reread"] == OPENED
    assert account.sync() == list(range(1, 101))


def test_a_list_costs_no_more_pages_than_its_budget(monkeypatch):
    monkeypatch.setattr(slow_reread, "_MOST_PAGES", 2)
    account = Account(reread_days=1)  # all of it is due
    assert account.sync() == list(range(1, 201))
    assert account.asked == 3


def test_within_the_budget_everything_is_read_in_the_time_that_the_option_names():
    account = Account(reread_days=1)
    assert account.sync() == list(range(1, 301))


def test_what_start_date_leaves_out_stays_out():
    start = NOW - 50 * STEP
    account = Account(reread_days=1, start_date=_iso(start))
    account.state["start"] = start
    assert account.sync() == list(range(1, 51))


def test_the_first_read_reads_nothing_twice():
    account = Account(reread_days=1)
    account.state = {}
    assert sorted(account.sync()) == list(range(1, 301))


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (Position(watermark=900), (500, 1000)),
        (Position(watermark=900, reread=600), (100, 600)),
        (Position(watermark=900, reread=300), (0, 300)),
        (Position(watermark=900, reread=0), (500, 1000)),
        (Position(watermark=1000), (1000, 1000)),
        (Position(watermark=900, reread=2000), (500, 1000)),
    ],
    ids=["begins", "goes on", "comes to an end", "begins anew", "no time passed", "the future"],
)
def test_the_part_that_is_due_is_the_share_of_the_time_that_has_passed(
    monkeypatch, position, expected
):
    """100 seconds since the last sync, of 200 in which all 1,000 seconds are to be read."""
    monkeypatch.setattr(slow_reread, "DAY_SECONDS", 200)
    assert span_due(position, floor=0, began=1000, days=1) == expected


def _iso(second):
    return datetime.fromtimestamp(second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
