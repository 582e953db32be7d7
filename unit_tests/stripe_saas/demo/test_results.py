"""Which streams the demo calls matching, and what it says of the others."""

from dataclasses import replace

from source_stripe_saas.streams.plans import load_plans
from stripe_saas.demo.ids import verdict
from stripe_saas.demo.messages import CatalogStream, Output, StreamOutput
from stripe_saas.demo.reads import Read, Reads
from stripe_saas.demo.results import other_problems, results, totals
from stripe_saas.demo.table import table

PLANS = load_plans()
CHARGES = CatalogStream("charges", ("id",), True)
ACCOUNT = CatalogStream("account", ("id",), False)
EVENTS = CatalogStream("events", ("id",), True)


def read(keys, ids, *, stream=CHARGES, status="COMPLETE", error=None, exit_code=0):
    rows = [(key.strip("-"), key.startswith("-")) for key in keys.split()]
    output = Output(
        {stream.name: StreamOutput(rows, status=status, error=error, started_at=0, ended_at=500)}
    )
    truth = {stream.name: {"ids": ids.split(), "unlistable": []}}
    return Read(output, truth, {"/v1/charges": 4}, 2.0, exit_code)


def problems(full, later, stream=CHARGES):
    [row] = results(Reads([stream], full, later), PLANS)
    return row.problems


def test_a_stream_matches_if_both_reads_leave_the_truth():
    assert problems(read("a b", "a b"), read("c -a", "b c")) == []


def test_a_deletion_that_was_not_emitted_is_an_extra_row():
    found = problems(read("a b", "a b"), read("", "b"))
    assert found == ["incremental read: 1 extra: a"]


def test_a_loss_in_the_full_read_is_not_mended_by_the_second():
    found = problems(read("a", "a b"), read("b", "a b"))
    assert found == ["full read: 1 missing: b"]


def test_a_stream_without_a_cursor_must_be_whole_in_both_reads():
    full = read("a b", "a b", stream=ACCOUNT)
    assert problems(full, read("b", "b", stream=ACCOUNT), ACCOUNT) == []
    found = problems(full, read("b", "a b", stream=ACCOUNT), ACCOUNT)
    assert found == ["incremental read: 1 missing: a"]


def test_events_that_stripe_forgets_are_no_difference():
    full, later = read("a b", "a b", stream=EVENTS), read("c", "b c", stream=EVENTS)
    assert problems(full, later, EVENTS) == []


def test_a_stream_that_says_it_failed_does_not_match_though_its_ids_do():
    full = read("a", "a", status="INCOMPLETE", error="Stream `charges` was not read to the end.")
    assert problems(full, read("", "a")) == [
        "full read: Stream `charges` was not read to the end.",
        "full read: its last status is INCOMPLETE",
    ]


def test_a_stream_that_the_sandbox_does_not_count_does_not_match():
    full, later = read("", ""), read("", "")
    found = problems(replace(full, truth={}), replace(later, truth={}))
    assert found == ["the sandbox does not say what is true of it"]


def test_what_concerns_no_stream_is_told_too():
    full = read("a", "a", exit_code=1)
    full = replace(full, truth={**full.truth, "people": {"ids": [], "unlistable": []}})
    assert other_problems(Reads([CHARGES], full, read("", "a"))) == [
        "the sandbox has people, and the connector no such stream",
        "full read: exit code 1",
    ]


def test_the_verdict_names_the_streams_that_differ():
    reads = Reads([CHARGES], read("a", "a b"), read("", "a b"))
    rows = results(reads, PLANS)
    assert verdict(rows, rows[0].problems) == "MISMATCH: 1 of 1 streams differ: charges."
    assert verdict(rows, []) == "All 1 streams match the sandbox, after both reads."


def test_the_table_holds_records_requests_seconds_and_the_verdict():
    reads = Reads([CHARGES], read("a b", "a b"), read("b", "a b"))
    lines = table(results(reads, PLANS), totals(reads), 7)
    assert lines[3].split() == ["charges", "2", "4", "0.5", "1", "4", "0.5", "yes"]
    assert lines[-1].split() == ["all", "2", "4", "2.0", "1", "4", "2.0", "1", "of", "1"]
