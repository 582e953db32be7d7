"""Files on the command line: what cannot be used is named by its place, in one line."""

import json

import pytest

from source_stripe_saas.protocol.arguments import (
    InputError,
    catalog_of,
    load_catalog,
    load_config,
    load_state,
    parse_arguments,
    states_of,
)


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "file.json"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(json.dumps(content))
        return str(path)

    return write


def chosen(name="customers", sync_mode="incremental", destination="append_dedup"):
    return {
        "stream": {"name": name, "json_schema": {}},
        "sync_mode": sync_mode,
        "destination_sync_mode": destination,
    }


def a_state(name="customers", blob=None):
    return {
        "type": "STREAM",
        "stream": {"stream_descriptor": {"name": name}, "stream_state": blob or {"updated": 5}},
    }


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "is not valid JSON"),
        (b"\xff\xfe", "is not a text in UTF-8"),
        ([], "must be a JSON object, not a list"),
        ("x", "must be a JSON object, not a text"),
        (None, "must be a JSON object, not null"),
        (True, "must be a JSON object, not true or false"),
        (5, "must be a JSON object, not a number"),
    ],
)
def test_a_config_must_be_an_object(file, content, problem):
    with pytest.raises(InputError) as raised:
        load_config(file(content))
    assert str(raised.value).startswith(f"`config` {problem}")
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"`state` cannot be read: .*none\.json: No such file"):
        load_state(str(tmp_path / "none.json"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ([], "`catalog` must be a JSON object with a list `streams`"),
        ({}, "`catalog` must be a JSON object with a list `streams`"),
        ({"streams": [5]}, "`catalog.streams[0].stream.name` is missing"),
        ({"streams": [{"stream": {}}]}, "`catalog.streams[0].stream.name` is missing"),
        (
            {"streams": [chosen(), chosen()]},
            "`catalog.streams[1].stream.name` is 'customers' for the second time",
        ),
        ({"streams": [chosen(sync_mode="now")]}, "`catalog.streams[0].sync_mode` must be one of"),
        (
            {"streams": [chosen(destination="x")]},
            "`catalog.streams[0].destination_sync_mode` must be one of",
        ),
    ],
)
def test_a_catalog_that_cannot_be_read_names_the_place(file, content, problem):
    with pytest.raises(InputError) as raised:
        load_catalog(file(content))
    assert str(raised.value).startswith(problem)


def test_a_catalog_may_be_held_to_some_streams(file):
    with pytest.raises(InputError) as raised:
        load_catalog(file({"streams": [chosen(), chosen("nope")]}), ["customers"])
    place = "`catalog.streams[1].stream.name` is 'nope'"
    assert str(raised.value) == f"{place}, and no stream has that name."


def test_a_good_catalog_is_kept(file):
    content = {"streams": [chosen(), chosen("charges", "full_refresh", "overwrite")]}
    assert load_catalog(file(content)) == content


@pytest.mark.parametrize("content", [{}, []])
def test_an_empty_state_is_no_state(file, content):
    assert load_state(file(content)) == []


def test_no_state_file_is_no_state():
    assert load_state(None) == []


def test_a_state_is_taken_as_a_list_as_one_message_or_as_read_prints_it(file):
    expected = [a_state()]
    assert load_state(file(expected)) == expected
    assert load_state(file(a_state())) == expected
    assert load_state(file([{"type": "STATE", "state": a_state()}])) == expected
    without_type = {"stream": a_state()["stream"]}
    assert load_state(file([without_type])) == expected


def test_a_stream_without_a_blob_has_an_empty_one(file):
    state = a_state()
    state["stream"]["stream_state"] = None
    assert load_state(file([state]))[0]["stream"]["stream_state"] == {}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (5, "`state` must be a list of state messages, not a number"),
        ("x", "`state` must be a list of state messages, not a text"),
        ([5], "`state[0]` must be a JSON object, not a number"),
        ([{}], "`state[0].stream` must be a JSON object"),
        ({"customers": {"updated": 5}}, "`state[0].stream` must be a JSON object"),
        ([{"stream": {}}], "`state[0].stream.stream_descriptor.name` is missing"),
        (
            [a_state(), {"stream": {"stream_descriptor": {"name": "x"}, "stream_state": [1]}}],
            "`state[1].stream.stream_state` must be a JSON object, not a list",
        ),
    ],
)
def test_a_state_that_is_none_names_the_place(file, content, problem):
    with pytest.raises(InputError) as raised:
        load_state(file(content))
    assert str(raised.value).startswith(problem)


@pytest.mark.parametrize("load", [load_config, load_state])
def test_a_file_that_is_nested_without_end_is_refused(file, load):
    nested = b'{"a":' * 101 + b"0" + b"}" * 101
    with pytest.raises(InputError, match="is nested deeper than 100 levels"):
        load(file(nested))


def test_a_file_may_be_nested_a_hundred_levels_deep(file):
    assert load_config(file(b'{"a":' * 100 + b"0" + b"}" * 100))


def test_what_the_cdk_refuses_of_a_state_is_named_in_one_line():
    odd = a_state()
    odd["stream"]["stream_descriptor"]["namespace"] = 5
    with pytest.raises(InputError, match=r"^`state\[1\]` is not understood: [^\n]*$"):
        states_of([a_state(), odd])


def test_what_the_cdk_refuses_of_a_catalog_is_named_in_one_line():
    odd = chosen()
    odd["stream"]["json_schema"] = 5
    with pytest.raises(InputError, match=r"^`catalog` is not understood: [^\n]*$"):
        catalog_of({"streams": [odd]})


def test_read_takes_config_catalog_and_perhaps_a_state():
    parsed = parse_arguments(["read", "--config", "c", "--catalog", "k"])
    assert (parsed.command, parsed.config, parsed.catalog, parsed.state) == ("read", "c", "k", None)


@pytest.mark.parametrize(
    "arguments",
    [[], ["sync"], ["read", "--config", "c"], ["check"], ["spec", "--config", "c", "extra"]],
    ids=repr,
)
def test_a_wrong_command_line_ends_with_usage(arguments, capsys):
    with pytest.raises(SystemExit) as raised:
        parse_arguments(arguments)
    assert raised.value.code == 2
    assert "usage: source-stripe-saas" in capsys.readouterr().err
