"""A batch: of several lines of one key, the one that counts."""

import json
import stat

from stripe_saas.warehouse.batch import Batch
from stripe_saas.warehouse.columns import ColumnKind
from stripe_saas.warehouse.records import RecordFormat

FORMAT = RecordFormat(
    {"id": ColumnKind.TEXT, "name": ColumnKind.INTEGER, "updated": ColumnKind.INTEGER}, ("id",)
)


def batch_of(folder, *records):
    batch = Batch(folder / "lines")
    for record in records:
        batch.add(FORMAT.line(json.dumps(record).encode(), batch.records, 0))
    batch.flush()
    return batch


def names(batch):
    lines = [json.loads(line) for line in batch.path.read_bytes().splitlines()]
    kept = {line["_stripe_saas_n"]: line["name"] for line in lines}
    assert set(kept) - set(batch.superseded) == set(batch.numbers)
    return [kept[number] for number in batch.numbers]


def test_of_two_records_of_one_key_the_later_updated_counts(tmp_path):
    newer, older = {"id": "a", "name": 2, "updated": 2}, {"id": "a", "name": 1, "updated": 1}
    assert names(batch_of(tmp_path, older, newer)) == [2]
    assert names(batch_of(tmp_path, newer, older)) == [2]


def test_of_two_records_with_one_updated_or_none_the_later_one_counts(tmp_path):
    assert names(batch_of(tmp_path, {"id": "a", "name": 1}, {"id": "a", "name": 2})) == [2]
    first, last = {"id": "a", "name": 1, "updated": 1}, {"id": "a", "name": 2, "updated": 1}
    assert names(batch_of(tmp_path, first, last)) == [2]


def test_what_did_not_fit_goes_with_its_line(tmp_path):
    good, bad = {"id": "a", "name": 1}, {"id": "a", "name": "x"}
    assert batch_of(tmp_path, bad, good).rejects == []
    assert [each.value for each in batch_of(tmp_path, good, bad).rejects] == ['"x"']


def test_rows_are_counted_by_their_keys_and_a_record_without_one_is_none(tmp_path):
    batch = batch_of(tmp_path, {"id": "a"}, {"id": "a"}, {"id": "b"}, {"name": 1})
    assert (len(batch), batch.records, len(batch.rejects)) == (2, 4, 1)
    assert batch.keys == [("a",), ("b",)]


def test_its_file_is_for_its_owner_alone_and_can_be_removed(tmp_path):
    batch = batch_of(tmp_path, {"id": "a"})
    assert stat.S_IMODE(batch.path.stat().st_mode) == 0o600
    batch.remove()
    assert list(tmp_path.iterdir()) == []
