"""Same options, same bytes; and the clock may be moved in any number of steps."""

import hashlib

import orjson
import pytest

from stripe_sandbox.company import Company, CompanyOptions

DAY = 86_400
OPTIONS = CompanyOptions(seed=2, customers=70, months=8)


def fingerprint(company: Company) -> dict[str, str]:
    return {
        name: hashlib.sha256(
            orjson.dumps(
                [[i, row.content, row.parent, row.hidden] for i, row in rows.items()],
                option=orjson.OPT_SORT_KEYS,
            )
        ).hexdigest()
        for name, rows in company.store.rows.items()
    }


def built(options: CompanyOptions = OPTIONS) -> Company:
    company = Company(options)
    company.build()
    return company


def test_the_same_options_give_the_same_bytes():
    first, second = built(), built()
    assert fingerprint(first) == fingerprint(second)
    assert first.ledger_as_json() == second.ledger_as_json()


def test_another_seed_gives_another_company():
    other = CompanyOptions(seed=4, customers=70, months=8)
    assert fingerprint(built()) != fingerprint(built(other))


@pytest.mark.slow
def test_seven_days_at_once_are_seven_days_one_by_one():
    at_once, by_day = built(), built()
    at_once.advance(7 * DAY)
    for _ in range(7):
        by_day.advance(DAY)
    assert fingerprint(at_once) == fingerprint(by_day)
    assert at_once.ledger_as_json() == by_day.ledger_as_json()


def test_the_clock_ends_at_a_fixed_moment_whatever_the_machine_says():
    assert built().store.now == 1_781_524_800


def test_a_clock_moved_by_odd_steps_makes_nothing_before_what_was_already_seen():
    company = built()
    for seconds in (1234, 61, 5, 40_001, 100_000):
        then = company.store.now
        known = {name: set(rows) for name, rows in company.store.rows.items()}
        company.advance(seconds)
        for name in ("event", "charge", "invoice", "customer"):
            fresh = set(company.store.rows[name]) - known[name]
            rows = company.store.rows[name]
            assert all(then < rows[i].created <= company.store.now - 120 for i in fresh)
