"""Spans of seconds are closed: both their ends belong to them."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from source_stripe_saas.streams.spans import halves, joined, missing

spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)


def seconds(several):
    return {second for lo, hi in several for second in range(lo, hi + 1)}


def test_touching_and_overlapping_spans_become_one():
    assert joined([(5, 6), (1, 2), (3, 4), (6, 9)]) == [(1, 9)]
    assert joined([(1, 2), (4, 5)]) == [(1, 2), (4, 5)]


def test_a_span_that_ends_before_it_begins_is_empty():
    assert joined([(5, 4)]) == []
    assert missing((5, 4), []) == []


def test_what_is_missing_comes_newest_first():
    assert missing((0, 10), [(2, 3), (6, 7)]) == [(8, 10), (4, 5), (0, 1)]
    assert missing((4, 8), [(0, 20)]) == []
    assert missing((4, 8), [(0, 4), (8, 9)]) == [(5, 7)]


def test_halves_share_no_second():
    assert halves((0, 1)) == ((0, 0), (1, 1))
    assert halves((0, 4)) == ((0, 2), (3, 4))


@given(spans)
def test_joining_keeps_every_second_and_leaves_gaps_between_spans(several):
    result = joined(several)
    assert seconds(result) == seconds(several)
    assert all(hi + 1 < lo for (_, hi), (lo, _) in itertools.pairwise(result))


@given(st.tuples(st.integers(0, 40), st.integers(0, 40)), spans)
def test_missing_and_done_make_up_the_whole(whole, done):
    gaps = missing(whole, done)
    assert seconds(gaps) == seconds([whole]) - seconds(done)
    assert gaps == sorted(gaps, reverse=True)
