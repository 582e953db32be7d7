"""Every worked example passes through `derive`, and the properties in its file's head hold."""

import hashlib
import itertools
import json
from fractions import Fraction

import pytest

from source_stripe_saas.mrr import COLUMNS, EXACT_COLUMN, derive
from source_stripe_saas.mrr.identity import event_id
from source_stripe_saas.mrr.options import CHOICES, PRESETS
from unit_tests.source_stripe_saas.mrr.worked import (
    CASES,
    DOCUMENT,
    expected_head,
    expected_rows,
    input_of,
)

every_case = pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
WITH_ADJUSTED = {"DISC-30"}
ALTERNATIVES = [
    *({name: value} for name, values in CHOICES.items() for value in values[1:]),
    {"weeks_per_year": "365/7", "days_per_year": "360"},
    *({"preset": name} for name in PRESETS),
]


def by_subscription(rows):
    grouped = {}
    for row in rows:
        grouped.setdefault(row["subscription_id"], []).append(row)
    return grouped


def short(row):
    return {
        "type": row["event_type"],
        "at": row["occurred_at"],
        "mrr_before": row["mrr_before"],
        "mrr_after": row["mrr_after"],
        "delta": row["mrr_delta"],
        "movement": row["movement"],
        "time_precision": row["time_precision"],
    }


@every_case
def test_example_gives_exactly_the_expected_rows(case):
    rows = by_subscription(derive(input_of(case)))
    expected = {
        key: [{"time_precision": "exact", **row} for row in wanted]
        for key, wanted in expected_rows(case).items()
    }
    assert {key: [short(row) for row in found] for key, found in rows.items()} == expected


@every_case
def test_example_ends_at_the_expected_mrr_to_the_fraction(case):
    rows = by_subscription(derive(input_of(case)))
    for key, head in expected_head(case).items():
        assert sum(row["mrr_delta"] for row in rows[key]) == head
        if "final_mrr_exact" in case["expect"]:
            assert Fraction(rows[key][-1][EXACT_COLUMN]) == Fraction(
                case["expect"]["final_mrr_exact"]
            )


@every_case
def test_example_rows_telescope_and_are_numbered_without_a_gap(case):
    for rows in by_subscription(derive(input_of(case))).values():
        before = 0
        for number, row in enumerate(rows, start=1):
            assert (row["sequence"], row["mrr_before"]) == (number, before)
            assert row["mrr_delta"] == row["mrr_after"] - row["mrr_before"]
            before = row["mrr_after"]
            assert tuple(row) == (*COLUMNS, EXACT_COLUMN)


@every_case
def test_example_has_the_same_event_ids_under_every_option(case):
    def ids(options):
        rows = derive(input_of(case, options))
        return sorted(row["event_id"] for row in rows if row["event_type"] != "adjusted")

    plain = ids({})
    assert len(plain) == len(set(plain))
    for options in ALTERNATIVES:
        assert ids(options) == plain, options


@every_case
def test_example_gives_identical_rows_twice(case):
    assert json.dumps(derive(input_of(case))) == json.dumps(derive(input_of(case)))


@every_case
def test_example_has_no_adjusted_row(case):
    types = [row["event_type"] for row in derive(input_of(case))]
    assert ("adjusted" in types) == (case["id"] in WITH_ADJUSTED)


@pytest.mark.parametrize("vector", DOCUMENT["meta"]["event_id_vectors"])
def test_event_id_is_the_start_of_the_sha256_of_its_parts(vector):
    version, subscription, event_type, key = vector["hashed"].split("|")
    assert version == "v1"
    assert event_id(subscription, event_type, key) == vector["event_id"]
    assert hashlib.sha256(vector["hashed"].encode()).hexdigest()[:32] == vector["event_id"]


def test_item_values_of_a_shared_amount_off_are_in_proportion():
    case = next(case for case in CASES if case["id"] == "DISC-13")
    row = derive(input_of(case))[0]
    assert {item["id"]: item["mrr"] for item in row["items_after"]} == {"si_a": 2250, "si_b": 750}


def test_every_combination_of_two_options_gives_the_same_ids_on_the_richest_example():
    case = next(case for case in CASES if case["id"] == "DISC-09")
    plain = sorted(row["event_id"] for row in derive(input_of(case, {})))
    for one, other in itertools.combinations(ALTERNATIVES[:-3], 2):
        rows = derive(input_of(case, {**one, **other}))
        assert sorted(row["event_id"] for row in rows) == plain
