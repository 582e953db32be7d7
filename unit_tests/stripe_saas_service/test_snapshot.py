import threading

import pytest

from stripe_saas.report.sections import Models
from stripe_saas.warehouse.database import WarehouseError
from stripe_saas.warehouse.target import Target
from stripe_saas_service.snapshot import publish as publishing
from stripe_saas_service.snapshot.publish import publish
from stripe_saas_service.snapshot.reader import Snapshots
from unit_tests.stripe_saas_service.warehouses import a_warehouse, change


@pytest.fixture
def target(tmp_path):
    return a_warehouse(tmp_path / "w.duckdb")


@pytest.fixture
def snapshots(tmp_path):
    return Snapshots(tmp_path / "snapshots")


def mrr(snapshot):
    [row] = snapshot.database.rows(
        f"select max(closing_minor) as mrr from {snapshot.table('mrr_monthly')}"
    )
    return row["mrr"]


def positions(snapshot):
    rows = snapshot.database.rows("select event_id, _position from feed order by _position")
    return [(row["event_id"], row["_position"]) for row in rows]


def test_before_the_first_build_there_is_none(snapshots):
    assert snapshots.current("com_1") is None


def test_a_snapshot_has_the_marts_and_says_of_when_it_is(target, snapshots):
    publish(target, snapshots.folder("com_1"))
    snapshot = snapshots.current("com_1")
    assert mrr(snapshot) == 24500
    assert snapshot.about.as_of_at == "2026-05-01T10:00:00Z"
    assert (snapshot.about.account_id, snapshot.about.mode) == ("acct_1", "test")
    assert not snapshot.about.is_provisional
    assert Models(snapshot.database).has("customers")


def test_who_reads_goes_on_with_the_old_one_and_who_comes_gets_the_new_one(target, snapshots):
    publish(target, snapshots.folder("com_1"))
    old = snapshots.current("com_1")
    change(target, "update stripe_marts.mrr_monthly set closing_minor = 1")
    publish(target, snapshots.folder("com_1"), is_provisional=True)
    assert mrr(old) == 24500
    assert mrr(snapshots.current("com_1")) == 1
    assert snapshots.current("com_1").about.is_provisional
    assert snapshots.current("com_1") is snapshots.current("com_1")


def test_three_snapshots_are_kept(target, snapshots):
    folder = snapshots.folder("com_1")
    made = [publish(target, folder) for _ in range(5)]
    assert sorted(each for each in folder.path.iterdir() if each.is_dir()) == made[2:]


def test_a_build_that_cannot_be_published_leaves_the_one_before(target, snapshots, monkeypatch):
    folder = snapshots.folder("com_1")
    before = publish(target, folder)
    monkeypatch.setattr(publishing, "_number_the_ledger", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        publish(target, folder)
    assert folder.current() == before
    assert [each for each in folder.path.iterdir() if each.is_dir()] == [before]


def test_a_warehouse_without_models_says_so(tmp_path, snapshots):
    target = Target("duckdb", path=tmp_path / "empty.duckdb")
    change(target, "create schema stripe_raw")
    with pytest.raises(WarehouseError, match="no models yet"):
        publish(target, snapshots.folder("com_1"))


def test_rows_are_numbered_as_they_come_and_changed_ones_again(target, snapshots):
    folder = snapshots.folder("com_1")
    publish(target, folder)
    first = snapshots.current("com_1")
    assert positions(first) == [("e1", 1), ("e2", 2), ("e3", 3)]
    change(
        target,
        "update stripe_marts.subscription_events set mrr_delta_minor = 1 where event_id = 'e2'",
        "insert into stripe_marts.subscription_events values "
        "('e0', 'sub_0', 'x', 'activated', '2026-01-01', '2026-01-01', 'usd', 1)",
        "delete from stripe_marts.subscription_events where event_id = 'e3'",
    )
    publish(target, folder)
    second = snapshots.current("com_1")
    assert positions(second) == [("e1", 1), ("e0", 4), ("e2", 5)]
    assert second.about.feed == first.about.feed


def test_a_number_is_not_given_again_when_its_row_is_gone(target, snapshots):
    folder = snapshots.folder("com_1")
    publish(target, folder)
    change(target, "delete from stripe_marts.subscription_events where event_id = 'e3'")
    publish(target, folder)
    change(
        target,
        "insert into stripe_marts.subscription_events values "
        "('e4', 'sub_1', 'x', 'activated', '2026-05-02', '2026-05-02', 'usd', 1)",
    )
    publish(target, folder)
    assert positions(snapshots.current("com_1")) == [("e1", 1), ("e2", 2), ("e4", 4)]


def test_of_several_accounts_all_of_them_together_are_read(target, snapshots):
    for table in ("customers", "subscription_events", "mrr_monthly", "identity_map"):
        change(
            target,
            f"create or replace table stripe_marts.{table} as select each.account_id, old.* "
            f"from stripe_marts.{table} old, (values ('acct_1'), ('all')) each (account_id)",
        )
    publish(target, snapshots.folder("com_1"))
    snapshot = snapshots.current("com_1")
    for table, count in {"customers": 3, "subscription_events": 3, "mrr_monthly": 3}.items():
        rows = snapshot.database.rows(f"select * from {snapshot.table(table)}")
        assert len(rows) == count
        assert "account_id" not in rows[0]
    assert [number for _, number in positions(snapshot)] == [1, 2, 3]


def test_readers_at_once_each_get_their_answer(target, snapshots):
    publish(target, snapshots.folder("com_1"))
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(mrr(snapshots.current("com_1"))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [24500] * 8
