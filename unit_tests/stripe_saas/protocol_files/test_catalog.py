"""From what discover writes to what read wants."""

import pytest

from stripe_saas.protocol_files.catalog import (
    chosen_streams,
    configured_catalog,
    discovered_streams,
)

CHARGES = {"name": "charges", "supported_sync_modes": ["full_refresh", "incremental"]}
ACCOUNT = {"name": "account", "supported_sync_modes": ["full_refresh"]}


def modes(catalog):
    return [
        (chosen["stream"]["name"], chosen["sync_mode"], chosen["destination_sync_mode"])
        for chosen in catalog["streams"]
    ]


def test_streams_are_incremental_where_they_can_be():
    assert modes(configured_catalog([CHARGES, ACCOUNT])) == [
        ("charges", "incremental", "append_dedup"),
        ("account", "full_refresh", "overwrite"),
    ]


def test_full_refresh_can_be_asked_for():
    assert modes(configured_catalog([CHARGES], is_full_refresh=True)) == [
        ("charges", "full_refresh", "overwrite")
    ]


def test_streams_come_in_the_order_they_are_named_and_once():
    assert chosen_streams([CHARGES, ACCOUNT], ["account", "charges", "account"]) == [
        ACCOUNT,
        CHARGES,
    ]


def test_no_name_means_all_streams():
    assert chosen_streams([CHARGES, ACCOUNT], []) == [CHARGES, ACCOUNT]


def test_a_name_that_no_stream_has_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match="no stream 'charge'; there are charges, account"):
        chosen_streams([CHARGES, ACCOUNT], ["charge"])


def test_log_lines_before_the_catalog_are_passed_over():
    messages = [{"type": "LOG"}, {"type": "CATALOG", "catalog": {"streams": [CHARGES]}}]
    assert discovered_streams(messages) == [CHARGES]


def test_output_without_a_catalog_is_refused():
    with pytest.raises(ValueError, match="no catalog"):
        discovered_streams([{"type": "LOG"}])
