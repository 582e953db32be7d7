"""A list's bytes, sliced: objects read like the decoded ones and are kept as they came."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from source_stripe_saas.api.raw_object import RawObject, as_dict, head_decoder, list_content

HEAD = head_decoder(("created", "status"), ("lines",))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def page(*objects, has_more=False, indent=2, ascii_only=True):
    body = {"object": "list", "url": "/v1/x", "has_more": has_more, "data": list(objects)}
    return json.dumps(body, indent=indent, ensure_ascii=ascii_only).encode()


# A busy machine is no reason to fail.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.fixed_dictionaries(
            {"id": st.text(min_size=1), "created": st.integers(0, 2**40)},
            optional={
                "status": st.none() | st.text() | st.booleans(),
                "lines": st.none() | st.fixed_dictionaries({"has_more": st.booleans()}),
                "metadata": json_values,
            },
        ),
        max_size=4,
    ),
    st.sampled_from([None, 2]),
    st.booleans(),
)
def test_a_row_reads_like_the_decoded_object(objects, indent, ascii_only):
    try:
        content = page(*objects, indent=indent, ascii_only=ascii_only)
    except UnicodeEncodeError:  # a lone surrogate can only be sent as an escape
        content = page(*objects, indent=indent)
    rows, has_more = list_content(content, HEAD)
    assert has_more is False
    assert [dict(row) for row in rows] == objects
    for row, expected in zip(rows, objects, strict=True):
        for name in ("id", "created", "status", "lines", "metadata", "missing"):
            assert row.get(name) == expected.get(name)
        assert as_dict(row) == expected


def test_a_row_is_kept_as_stripe_wrote_it_but_for_white_space():
    content = (
        b'{"object": "list", "has_more": true, "data": [{"id": "a",\n  "n": 1.50, "u": "\\u00e4"}]}'
    )
    (row,), has_more = list_content(content, HEAD)
    assert has_more
    assert bytes(row.raw) == b'{"id":"a","n":1.50,"u":"\\u00e4"}'


def test_a_cut_list_is_known_without_decoding():
    (cut, whole, none, missing), _ = list_content(
        page(
            {"id": "a", "lines": {"has_more": True, "data": []}},
            {"id": "b", "lines": {"has_more": False}},
            {"id": "c", "lines": None},
            {"id": "d"},
        ),
        HEAD,
    )
    assert [row.is_cut("lines") for row in (cut, whole, none, missing)] == [
        True,
        False,
        False,
        False,
    ]


def test_whoever_changes_a_decoded_row_changes_a_dict():
    (row,), _ = list_content(page({"id": "a", "created": 1}), HEAD)
    row.decoded()["created"] = 2
    assert isinstance(row, RawObject)
    assert json.loads(bytes(row.raw)) == {"id": "a", "created": 1}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"data": [], "has_more": null}',
        b'{"data": {}, "has_more": false}',
        b'{"data": [5], "has_more": false}',
        b'{"data": [{"no": "id"}], "has_more": false}',
        b'{"data": [{"id": 5}], "has_more": false}',
        b'{"data": [{"id": "a"}], "has_more": fal',
        b'{"data": [], "has_more": false} trailing',
    ],
    ids=repr,
)
def test_what_is_no_list_of_stripes_is_none(content):
    assert list_content(content, HEAD) is None


def test_invalid_utf8_is_no_list():
    assert list_content(b'{"data": [{"id": "a", "n": "\xff"}], "has_more": false}', HEAD) is None


def test_lone_surrogates_and_deep_nesting_take_the_patient_way():
    (row,), _ = list_content(b'{"data": [{"id": "a", "m": "\\ud800"}], "has_more": false}', HEAD)
    assert row == {"id": "a", "m": "\ud800"}


def test_a_decoded_row_keeps_every_digit_of_its_integers():
    big = 123456789012345678901234567890
    content = b'{"data":[{"id":"a","n":%d}],"has_more":false}' % big
    [row], _ = list_content(content, head_decoder(()))
    assert isinstance(row, RawObject)
    assert row.decoded()["n"] == big
