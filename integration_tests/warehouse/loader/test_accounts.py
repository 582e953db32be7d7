"""Which rows of which of several accounts are gone after a read."""

import pytest

from stripe_saas.warehouse.books import STREAMS, Books

CUSTOMERS = "customers"


@pytest.fixture
def read(begin):
    """A sync of customers: the rows of accounts, and how it ends."""

    def read(rows, *, again=(), lacking=None, **options):
        sync = begin(CUSTOMERS, has_account=True, **options)
        for account in again:
            sync.loader.begin_whole(CUSTOMERS, account)
        for account, key in rows:
            sync.record(CUSTOMERS, key, account_id=account)
        sync.state(CUSTOMERS, 5)
        if lacking is None:
            sync.complete(CUSTOMERS)
        else:
            sync.loader.end_stream(CUSTOMERS, is_complete=False, lacking=lacking)

    return read


def held(database):
    return database.select(
        "select account_id, id from stripe_raw.customers order by account_id, id"
    )


BOTH = [("acct_1", "cus_1"), ("acct_1", "cus_2"), ("acct_2", "cus_1"), ("acct_2", "cus_2")]


def test_rows_of_two_accounts_with_the_same_id_are_two(read, database):
    read(BOTH)
    assert held(database) == BOTH


def test_a_whole_read_that_lacks_an_account_takes_out_rows_of_the_others_alone(read, database):
    read(BOTH)
    read([("acct_1", "cus_2")], is_full=True, lacking=["acct_2"])
    assert held(database) == [("acct_1", "cus_2"), ("acct_2", "cus_1"), ("acct_2", "cus_2")]
    # The account is read at last: what it has lost in the meantime goes.
    read([("acct_2", "cus_2")])
    assert held(database) == [("acct_1", "cus_2"), ("acct_2", "cus_2")]


def test_an_account_that_is_read_again_loses_its_own_rows_alone(read, database):
    read(BOTH)
    read([("acct_1", "cus_2")], again=["acct_1"])
    assert held(database) == [("acct_1", "cus_2"), ("acct_2", "cus_1"), ("acct_2", "cus_2")]
    read([])
    assert len(held(database)) == 3


def test_a_read_again_that_did_not_end_takes_rows_out_with_a_later_sync(read, database):
    read(BOTH)
    read([("acct_1", "cus_2")], again=["acct_1"], lacking=["acct_1"])
    assert held(database) == BOTH
    read([("acct_1", "cus_3")])
    assert held(database) == [
        ("acct_1", "cus_2"),
        ("acct_1", "cus_3"),
        ("acct_2", "cus_1"),
        ("acct_2", "cus_2"),
    ]


def test_an_account_that_is_read_again_within_a_whole_read_costs_no_row_of_it(read, database):
    read(BOTH, lacking=["acct_3"])
    read([("acct_1", "cus_1"), ("acct_1", "cus_2")], again=["acct_1"])
    assert held(database) == BOTH


def test_the_notes_of_an_older_version_are_read(read, database):
    read(BOTH)
    database.execute(f"alter table {STREAMS} drop column account_reads")
    assert Books(database).notes[CUSTOMERS].account_reads == {}
    read([("acct_1", "cus_2")], again=["acct_1"])
    assert len(held(database)) == 3
