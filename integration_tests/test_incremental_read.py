"""Week after week: a read from the saved state brings every change, at its current content."""

import pytest

from integration_tests.comparison import missing_and_extra, stale
from integration_tests.destination import Destination
from integration_tests.schemas import assert_fit
from integration_tests.world import a_world

FEED_MARGIN_SECONDS = 60


class Weeks:
    """A first read, then reads that each follow seven days."""

    def __init__(self, world, weeks):
        self.world = world
        self.destination = Destination(world.connector.streams)
        self.runs, self.moments, self.problems = [], [], []
        for week in range(weeks + 1):
            if week:
                world.advance(7)
            run = world.connector.read(self.destination.states)
            self.destination.receive(run.messages)
            self.runs.append(run)
            self.moments.append(world.truth.now)
            different = stale(self.destination, world.truth)
            self.problems.append((missing_and_extra(self.destination, world.truth), different))

    def events_of_last_week(self):
        """Those that the last read had to see and the one before it could not."""
        since, until = self.moments[-2], self.moments[-1] - FEED_MARGIN_SECONDS
        return [e for e in self.world.truth.events_since(since) if e["created"] <= until]


@pytest.fixture(scope="module")
def weeks(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("weeks"), seed=11) as world:
        yield Weeks(world, 3)


@pytest.fixture(scope="module")
def sample_weeks(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("sample_weeks"), "samples") as world:
        yield Weeks(world, 3)


def test_after_each_of_three_weeks_the_destination_is_the_account(weeks):
    for run in weeks.runs:
        run.assert_complete()
    assert weeks.problems == [({}, {})] * 4


def test_after_each_of_three_weeks_the_destination_is_the_samples_account(sample_weeks):
    for run in sample_weeks.runs:
        run.assert_complete()
    assert sample_weeks.problems == [({}, {})] * 4


@pytest.mark.parametrize("of", ["weeks", "sample_weeks"])
def test_every_object_that_an_event_names_is_emitted_once_at_its_current_content(of, request):
    weeks = request.getfixturevalue(of)
    truth, tables = weeks.world.truth, weeks.destination.tables
    changed = {}
    for event in weeks.events_of_last_week():
        subject = event["data"]["object"]
        for stream in truth.streams_of(subject) if "id" in subject else ():
            changed.setdefault(stream, set()).add(subject["id"])
    emitted = {
        name: [tables[name].key_of(record) for record in records]
        for name, records in weeks.runs[-1].records.items()
    }
    missed = {name: ids - set(emitted.get(name, ())) for name, ids in changed.items()}
    assert {name: ids for name, ids in missed.items() if ids} == {}
    assert sum(map(len, changed.values())) > 50, "a week should change more than this"
    repeated = {name: keys for name, keys in emitted.items() if len(keys) != len(set(keys))}
    assert repeated == {}


@pytest.mark.parametrize("of", ["weeks", "sample_weeks"])
def test_every_changed_record_fits_its_schema(of, request):
    for run in request.getfixturevalue(of).runs[1:]:
        assert_fit(run.records)


@pytest.mark.parametrize("of", ["weeks", "sample_weeks"])
def test_what_was_deleted_is_emitted_with_its_last_known_fields(of, request):
    weeks = request.getfixturevalue(of)
    counts = weeks.world.truth.counts()
    flagged = 0
    for name, table in weeks.destination.tables.items():
        if not any("is_deleted" in row for row in table.rows.values()):
            continue  # nothing tells of an end of these
        known = set(table.rows) & set(counts[name]["deleted"])
        assert known <= table.deleted, name
        for key in known & table.deleted:
            row = table.rows[key]
            assert {"id", "object"} < row.keys(), (name, key)
            assert len(row) > 5, f"{name} {key} lost its fields: {row}"
            flagged += 1
    assert flagged > 0


def test_a_quiet_account_gives_no_changes_and_keeps_its_place(moving_company):
    destination = Destination(moving_company.connector.streams)
    first = moving_company.connector.read()
    destination.receive(first.messages)
    again = moving_company.connector.read(destination.states, ["customers", "invoices"])
    again.assert_complete()
    assert again.records == {}
    assert again.states["customers"] == first.states["customers"]
