"""The benchmarks themselves: each runs, once and tiny, and its own checks of the output hold.

Nothing is judged by time here, and no peer is installed.
"""

import os
import time
import urllib.request

import orjson
import pytest

from benchmarks.account import Account, AccountOptions, Missing, Query
from benchmarks.answering import Answers
from benchmarks.changes import changes_of
from benchmarks.checking import check_backfill
from benchmarks.context import Context
from benchmarks.options import ServerOptions
from benchmarks.refusing import Gate
from benchmarks.runs import (
    accounts,
    cpu_bound,
    growth,
    incremental,
    ledger,
    limit_bound,
    memory,
    personal_data,
    service,
    warehouse,
)
from benchmarks.samples import KINDS, LARGEST_BYTES, SMALLEST_BYTES, templates
from benchmarks.server_process import ServerProcess
from benchmarks.table import Row, write_results
from benchmarks.thrift import needed_requests

NOON = 1_800_000_000


@pytest.mark.slow
@pytest.mark.parametrize(
    # The two of the sixth are judged by the same runs.
    "modules",
    [
        *((cpu_bound,), (personal_data,), (limit_bound,), (incremental,), (ledger,)),
        *((memory, growth), (accounts,), (warehouse,), (service,)),
    ],
    ids=lambda modules: " and ".join(module.NAME for module in modules),
)
def test_benchmark_runs_and_its_checks_of_the_output_hold(modules, tmp_path):
    context = Context(tmp_path, is_tiny=True)
    for module in modules:
        rows = module.run(context)

        assert [row.measured for row in rows if row.is_met is False] == []
        assert rows[0].benchmark.startswith(module.NAME)
        assert rows[0].records
        assert rows[0].requests


def test_results_tell_the_machine_and_every_row(tmp_path):
    row = Row(
        "growth", "this connector", 2_000, 0.5, 0.25, 3.0, 120.4, 21, "1.0 x", "at most 1.1 x", True
    )

    write_results(tmp_path / "results.md", {"growth": [row]}, ["A remark."])

    text = (tmp_path / "results.md").read_text(encoding="utf-8")
    last = [cell.strip() for cell in text.splitlines()[-1].strip("|").split("|")]
    assert last == [
        *("growth", "this connector", "2,000", "0.5", "4,000", "0.125", "3.0", "120", "21"),
        *("1.0 x", "at most 1.1 x", "yes"),
    ]
    assert f"{os.cpu_count()} cores" in text
    assert text.startswith("# Results of `make bench`\n\nA remark.\n\n## growth\n\n- ")


def test_a_benchmark_that_is_run_alone_replaces_its_own_section(tmp_path):
    path = tmp_path / "results.md"
    write_results(path, {"growth": [Row("growth", "one")], "memory": [Row("memory", "two")]}, ["x"])
    write_results(path, {"growth": [Row("growth", "three")]}, ["y"])
    write_results(path, {"ledger": [Row("ledger", "four")]}, ["z"])

    text = path.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# Results of `make bench`",
        *("## growth", "## memory", "## ledger"),
    ]
    assert "z\n\n## growth" in text
    assert [word in text for word in ("one", "two", "three", "four")] == [False, True, True, True]


def account(**counts):
    return AccountOptions(counts, until=NOON, growth=10.0)


def test_objects_are_of_one_to_five_kilobytes_and_tell_themselves_apart():
    for path in KINDS:
        for template in templates(path, "listed"):
            row = template.render((b"00000000000012", b"1700000000", b"00000000000003", b"2"))
            decoded = orjson.loads(row)
            assert SMALLEST_BYTES * 0.99 <= len(row) <= LARGEST_BYTES
            assert decoded["id"] == f"{KINDS[path].prefix}00000000000012"
            assert decoded["created"] == 1700000000


def test_list_is_cut_by_moment_and_by_cursor_newest_first():
    rows = Account(account(refunds=10)).collections["refunds"]
    moments = list(rows.created)
    assert moments == sorted(moments)

    page, has_more = rows.rows(Query(limit=3, lo=moments[2], hi=moments[8], after=rows.identity(7)))

    assert [orjson.loads(row)["id"] for row in page] == [rows.identity(n) for n in (6, 5, 4)]
    assert has_more
    page, has_more = rows.rows(Query(limit=3, lo=moments[3], after=rows.identity(5)))
    assert ([orjson.loads(row)["created"] for row in page], has_more) == (
        [moments[4], moments[3]],
        False,
    )
    with pytest.raises(Missing):
        rows.rows(Query(after=rows.identity(10)))


def test_account_that_grows_tenfold_has_its_median_object_late():
    # (10^t - 1) / 9 = 1/2 at t = log10(5.5) = 0.740 of its life.
    options = account(refunds=1001)
    median = Account(options).collections["refunds"].created[500]
    assert (median - options.began) / (options.until - options.began) == pytest.approx(0.740, 1e-3)


def test_gate_lets_a_rate_and_half_a_second_of_it_through():
    now = [0.0]
    gate = Gate(10.0, None, 0.0, 1, clock=lambda: now[0])
    answers = [gate.refusal("charges") for _ in range(6)]
    assert [answer.reason for answer in answers if answer] == ["global-rate"]
    now[0] = 0.1
    assert gate.refusal("charges") is None
    assert gate.refusal("charges").status == 429


def test_gate_gives_each_endpoint_a_rate_of_its_own():
    gate = Gate(100.0, 4.0, 0.0, 1, clock=lambda: 0.0)
    answers = [gate.refusal("charges") for _ in range(3)]
    assert [answer and answer.reason for answer in answers] == [None, None, "endpoint-rate"]
    assert gate.refusal("refunds") is None


def test_a_tenth_of_the_requests_meets_faults_half_of_them_locks():
    gate = Gate(None, None, 0.1, 7)
    refused = [refusal for refusal in (gate.refusal("charges") for _ in range(10_000)) if refusal]
    assert 900 < len(refused) < 1100
    locks = [refusal for refusal in refused if refusal.status == 429 and refusal.reason is None]
    assert 0.4 < len(locks) / len(refused) < 0.6
    assert all(refusal.status == 500 for refusal in refused if refusal not in locks)


def record(stream, data):
    message = {"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": 1}}
    return orjson.dumps(message) + b"\n"


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda lines: lines, None),
        (lambda lines: lines[1:], "refunds: 1 lost, 0 doubled of 3"),
        (lambda lines: [*lines, lines[0]], "refunds: 0 lost, 1 doubled of 3"),
        (lambda lines: [*lines, b"{\n"], "line 4 is not JSON: b'{\\n'"),
        (
            lambda lines: [lines[0].replace(b"usd", b"eur"), *lines[1:]],
            "refunds: re_00000000000000 differs from the server's object",
        ),
    ],
    ids=["nothing wrong", "one lost", "one doubled", "no JSON", "a field changed"],
)
def test_check_of_a_backfill_sees_what_is_wrong(tmp_path, spoil, problem):
    options = account(refunds=3)
    rows = Account(options).collections["refunds"]
    lines = [record("refunds", {**rows.decoded(n), "updated": 5}) for n in range(3)]
    (tmp_path / "out").write_bytes(b"".join(spoil(lines)))

    checked = check_backfill(tmp_path / "out", options)

    assert checked.problems == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("record", "is_right"),
    [
        ({"id": "a", "email": "x@y", "card": {"last4": "4242"}}, True),
        ({"id": "a", "email": None, "card": None}, True),
        ({"id": "a", "email": "0f" * 32, "card": {"last4": "1e" * 32}}, True),
        ({"id": "a", "email": "x@z", "card": {"last4": "4242"}}, False),
        ({"id": "a", "card": {"last4": "4242"}}, False),
    ],
)
def test_a_redacted_record_has_all_fields_and_only_nulls_and_hashes_for_new(record, is_right):
    sent = {"id": "a", "email": "x@y", "card": {"last4": "4242"}}
    assert personal_data.is_redacted(record, sent) is is_right


def test_changes_touch_as_many_objects_and_make_as_many_events_as_asked_for():
    counts = dict.fromkeys(KINDS, 300)
    options = AccountOptions(counts, until=NOON)

    changes = changes_of(options, 200, 500, (NOON + 10, NOON + 500), deletions=4)

    assert len(changes.events) == 500
    assert len(changes.paths) == 200
    assert len(changes.revisions) == 196
    assert len(changes.gone) == 4
    assert sum(changes.revisions.values()) == 496
    moments = [event["created"] for event in changes.events]
    assert moments == sorted(moments, reverse=True)


def test_least_requests_are_counted_item_by_item():
    counts = {**dict.fromkeys(KINDS, 300), "products": 20}
    options = AccountOptions(counts, until=NOON)
    changes = changes_of(options, 100, 250, (NOON + 10, NOON + 500), deletions=2)

    needs = {
        need.what: need.requests
        for need in needed_requests(Account(options), changes, since=NOON + 5)
    }

    assert needs["the change feed, once"] == 3
    assert needs["live subscriptions, all of them"] == 3
    assert needs["other changed objects"] == 98 - 22
    assert needs["payments of changed invoices"] == 22
    assert needs["items of changed invoices"] == 22
    assert needs["look-backs"] == 6
    assert needs["lists read whole"] == 10
    assert needs["features of each product"] == 20


def test_server_spells_customers_out_where_asked_to():
    options = AccountOptions(
        {"customers": 5, "subscriptions": 5}, NOON, gone=("cus_00000000000002",)
    )
    answers = Answers(ServerOptions(options))
    plain = orjson.loads(answers.to("subscriptions", "limit=100").body)["data"]
    expanded = orjson.loads(answers.to("subscriptions", "expand[]=data.customer").body)["data"]
    assert [row["customer"] for row in plain] == [row["customer"]["id"] for row in expanded]
    assert [row["customer"].get("deleted", False) for row in expanded].count(True) == 1
    for before, after in zip(plain, expanded, strict=True):
        assert {**before, "customer": None} == {**after, "customer": None}
        assert "discount" in after["customer"] or after["customer"].get("deleted")


def test_server_answers_and_counts():
    options = AccountOptions({"refunds": 150}, until=int(time.time()) - 60)
    with ServerProcess(ServerOptions(options, clock_offset_seconds=-86_400)) as server:
        with urllib.request.urlopen(f"{server.url}/v1/refunds?limit=100") as reply:
            page = orjson.loads(reply.read())
        with urllib.request.urlopen(f"{server.url}/v1/disputes?limit=100") as reply:
            nothing = orjson.loads(reply.read())
        statistics = server.statistics()
    assert (len(page["data"]), page["has_more"]) == (100, True)
    assert (nothing["data"], nothing["has_more"]) == ([], False)
    assert statistics.requests == [("disputes", "", 200, 1), ("refunds", "", 200, 1)]
    assert statistics.empty_lists == 1
