"""Months as people write them, and when they end in a time zone."""

from datetime import date

import pytest

from stripe_saas.close.month import CloseError, Month, month_of, parse_month


def test_a_month_is_written_as_it_was_read():
    assert str(parse_month("2026-10")) == "2026-10"
    assert parse_month("2026-10").first_day == date(2026, 10, 1)
    assert month_of(date(2026, 10, 31)) == Month(2026, 10)


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "october", "2026-10-01", "0000-10"]
)
def test_what_is_not_a_month_is_refused(text):
    with pytest.raises(CloseError, match="is not a month: write it as 2026-10"):
        parse_month(text)


def test_december_is_followed_by_january():
    assert Month(2026, 12).next == Month(2027, 1)
    assert Month(2026, 11).next == Month(2026, 12)
    assert Month(2026, 12) < Month(2027, 1)


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("UTC", "2026-11-01T00:00:00"),
        # Summer time ends on 1 November in New York, at two in the morning.
        ("America/New_York", "2026-11-01T04:00:00"),
        ("Asia/Tokyo", "2026-10-31T15:00:00"),
    ],
    ids=["utc", "new_york", "tokyo"],
)
def test_a_month_ends_when_the_next_begins_in_its_time_zone(zone, moment):
    assert Month(2026, 10).ended_at(zone).isoformat() == moment


def test_a_time_zone_that_is_not_known_is_named():
    with pytest.raises(CloseError, match="Mars/Base is not known here"):
        Month(2026, 10).ended_at("Mars/Base")
