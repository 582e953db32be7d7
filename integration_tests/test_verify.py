"""`stripe-saas verify`: empty right after a sync, and every kind of tampering found, by name."""

import json
import re
from datetime import datetime, timezone

import pytest
import requests

from integration_tests.connector import MAIN_STREAMS
from integration_tests.destination import Destination
from integration_tests.world import a_world
from stripe_saas.cli import run
from stripe_sandbox.server.running import running_sandbox

TINY = {"customers": 25, "months": 8}
CLEAN = "nothing missing, extra or stale"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A company that stands still."""
    with a_world(tmp_path_factory.mktemp("verify"), **TINY) as made:
        yield made


@pytest.fixture(scope="module")
def synced(world):
    """The messages of a sync of all streams."""
    read = world.connector.read()
    read.assert_complete()
    return read.messages


@pytest.fixture
def verify(world, tmp_path, capsys):
    """Verifies messages; gives the exit code and what was printed."""

    def of(messages, *options, config=None):
        path = tmp_path / "messages.jsonl"
        path.write_text("".join(json.dumps(message) + "\n" for message in messages))
        config = world.connector.file({**world.connector.config, **(config or {})})
        code = run(["verify", "--config", config, "--messages", str(path), *options])
        return code, capsys.readouterr().out

    return of


def changed(messages, stream, change):
    """The messages with one stream's records passed through `change`; None leaves one out."""
    result = []
    for message in messages:
        if message["type"] != "RECORD" or message["record"]["stream"] != stream:
            result.append(message)
            continue
        data = change(dict(message["record"]["data"]))
        if data is not None:
            result.append({**message, "record": {**message["record"], "data": data}})
    return result


def records(messages, stream):
    return [
        message["record"]["data"]
        for message in messages
        if message["type"] == "RECORD" and message["record"]["stream"] == stream
    ]


def without(messages, stream, *keys):
    return changed(messages, stream, lambda row: None if row["id"] in keys else row)


def added(messages, stream, row):
    made_up = {"type": "RECORD", "record": {"stream": stream, "data": row, "emitted_at": 0}}
    return [made_up, *messages]


def findings(text):
    """(kind, stream, id) of every finding that is named."""
    return re.findall(r"^(missing|extra|stale) +(\w+)  (\S+?)(?:: .*)?$", text, re.MULTILINE)


@pytest.mark.parametrize("options", [(), ("--all",), ("--months", "1", "--sample", "0")])
def test_right_after_a_sync_of_all_streams_there_is_nothing_to_tell(verify, synced, options):
    code, text = verify(synced, *options)
    assert CLEAN in text
    assert findings(text) == []
    assert code == 0


def test_all_means_every_object(world, verify, synced):
    _, text = verify(synced, "--all")
    compared = int(re.search(r"([\d,]+) objects of 69 streams", text)[1].replace(",", ""))
    counted = {name: len(each["ids"]) for name, each in world.truth.counts().items()}
    assert compared == sum(counted.values()) - counted["discounts"]  # no list shows them


@pytest.mark.parametrize(
    "stream", [*MAIN_STREAMS, "invoice_line_items", "prices", "quotes", "balance_transactions"]
)
def test_an_object_that_was_lost_is_missing(verify, synced, stream):
    lost = records(synced, stream)[-1]["id"]
    code, text = verify(without(synced, stream, lost), stream, "--all")
    assert findings(text) == [("missing", stream, lost)]
    assert "1 missing, 0 extra, 0 stale" in text
    assert code == 1


@pytest.mark.parametrize("stream", ["customers", "charges", "quotes", "payment_methods"])
def test_an_object_that_never_existed_is_extra(verify, synced, stream):
    made_up = {**records(synced, stream)[0], "id": "made_up"}
    code, text = verify(added(synced, stream, made_up), stream, "--all")
    assert findings(text) == [("extra", stream, "made_up")]
    assert code == 1


@pytest.mark.parametrize("parent", ["its own", "nobody's"])
def test_a_child_that_never_existed_is_extra_whosever_it_says_it_is(verify, synced, parent):
    made_up = {**records(synced, "invoice_line_items")[0], "id": "made_up"}
    if parent == "nobody's":
        made_up["invoice"] = "in_nobodys"
    code, text = verify(added(synced, "invoice_line_items", made_up), "invoice_line_items", "--all")
    assert findings(text) == [("extra", "invoice_line_items", "made_up")]
    assert code == 1


def test_content_that_is_not_stripes_is_stale_and_the_fields_are_named(verify, synced):
    first = records(synced, "customers")[0]["id"]

    def change(row):
        touched = {"email": "other@example.com", "metadata": {"x": "1"}}
        return {**row, **touched} if row["id"] == first else row

    code, text = verify(changed(synced, "customers", change), "customers", "--all")
    assert f"stale    customers  {first}: email, metadata" in text
    assert "0 missing, 0 extra, 1 stale" in text
    assert code == 1


def test_an_object_of_stripes_that_is_flagged_as_deleted_is_stale(verify, synced):
    first = records(synced, "customers")[0]["id"]
    flagged = changed(synced, "customers", lambda row: {**row, "is_deleted": row["id"] == first})
    assert findings(verify(flagged, "customers", "--all")[1]) == [("stale", "customers", first)]


def test_the_table_counts_by_stream_and_month_of_birth(verify, synced):
    lost = records(synced, "charges")[0]
    text = verify(without(synced, "charges", lost["id"]), "charges", "--all")[1]
    month = datetime.fromtimestamp(lost["created"], tz=timezone.utc).strftime("%Y-%m")
    assert re.search(rf"^charges +{month} +1 +0 +0$", text, re.MULTILINE)


def test_only_some_ids_are_named_and_the_others_counted(verify, synced):
    lost = [row["id"] for row in records(synced, "charges")]
    text = verify(without(synced, "charges", *lost), "charges", "--all", "--show", "2")[1]
    assert [found[2] for found in findings(text)[:2]] == sorted(lost, key=born(synced))[:2]
    assert f"missing  charges  and {len(lost) - 2} more" in text


def born(messages):
    """Orders charges as the report does: by month, then by id."""
    moments = {row["id"]: row["created"] for row in records(messages, "charges")}

    def order(identity):
        moment = datetime.fromtimestamp(moments[identity], tz=timezone.utc)
        return moment.strftime("%Y-%m"), identity

    return order


def test_a_stream_that_lost_everything_is_compared_if_it_is_named_or_has_a_status(verify, synced):
    number = len(records(synced, "payouts"))
    emptied = changed(synced, "payouts", lambda row: None)
    assert f": {number} missing" in verify(emptied, "--all")[1]
    unheard_of = [each for each in emptied if '"payouts"' not in json.dumps(each)]
    assert "payouts" not in verify(unheard_of, "--all", "--months", "1")[1]
    assert f": {number} missing" in verify(unheard_of, "payouts", "--all")[1]


def test_objects_from_before_the_start_date_need_not_be_held(verify, synced):
    moments = sorted(row["created"] for row in records(synced, "charges"))
    start = moments[len(moments) // 2]
    recent = changed(synced, "charges", lambda row: row if row["created"] >= start else None)
    date = datetime.fromtimestamp(start, tz=timezone.utc).isoformat()
    assert CLEAN in verify(recent, "charges", "--all", config={"start_date": date})[1]
    assert (
        f": {len([m for m in moments if m < start])} missing"
        in (verify(recent, "charges", "--all")[1])
    )


def test_the_cost_is_said_beforehand_and_is_about_right(world, verify, synced):
    _, text = verify(synced, "--all", "--cost")
    assert " compared " not in text
    said = int(re.search(r"about ([\d,]+) requests", text)[1].replace(",", ""))
    before = served(world)
    verify(synced, "--all")
    assert said * 0.8 < served(world) - before < said * 1.2 + 20


def test_the_cost_of_asking_customer_by_customer_is_said_too(world, verify, synced):
    with running_sandbox(world.account, payment_methods_per_customer=True) as url:
        code, text = verify(synced, "payment_methods", "--all", config={"api_url": url})
        routes = requests.get(f"{url}/_sandbox/stats", timeout=10).json()["routes"]
    assert CLEAN in text
    assert code == 0
    by_customer = routes["/v1/customers/{customer}/payment_methods"]
    assert by_customer == TINY["customers"]
    said = re.search(r"does not list payment_methods .* about (\d+) more", text)[1]
    assert int(said) == routes["/v1/customers"] + by_customer


def served(world):
    """Requests that the sandbox has answered."""
    return requests.get(f"{world.url}/_sandbox/stats", timeout=10).json()["requests"]


def test_a_stream_that_the_key_may_not_read_is_said_and_the_others_compared(world, verify, synced):
    key = "rk_test_verifywithoutcharges"
    world.post("keys", {"key": key, "denied": ["charge_read"]})
    code, text = verify(synced, "--all", config={"client_secret": key})
    assert re.search(r"^charges: could not be compared: .*403", text, re.MULTILINE)
    assert re.search(r"^refunds: could not be compared: .*403", text, re.MULTILINE)
    assert "customers: could not" not in text
    assert key not in text
    assert code == 1


def test_what_a_config_hashes_or_drops_is_compared_as_it_was_written(tmp_path, capsys):
    private = {
        "personal_data": "hash",
        "personal_data_key": "k" * 32,
        "payment_instruments": "drop",
    }
    with a_world(tmp_path, **TINY) as world:
        world.connector.config.update(private)
        read = world.connector.read()
        read.assert_complete()
        path = tmp_path / "messages.jsonl"
        path.write_text("".join(json.dumps(message) + "\n" for message in read.messages))
        config = world.connector.file(world.connector.config)
        code = run(["verify", "--config", config, "--messages", str(path), "--all"])
        assert CLEAN in (text := capsys.readouterr().out), text
        assert code == 0
        plain = {key: value for key, value in world.connector.config.items() if key not in private}
        config = world.connector.file(plain)
        assert run(["verify", "--config", config, "--messages", str(path), "customers"]) == 1
        assert "email" in capsys.readouterr().out


def test_what_cannot_be_used_is_one_line_on_standard_error(world, tmp_path, capsys):
    config = world.connector.file(world.connector.config)
    nothing = tmp_path / "nothing.jsonl"
    nothing.write_text("")
    for options, said in (
        (["--messages", str(nothing)], "holds no stream"),
        (["--messages", str(nothing), "nonsense"], "there is no stream 'nonsense'"),
        (["--messages", str(tmp_path / "none")], "No such file"),
        (["--warehouse", "sqlite:///x"], "is not known: duckdb or postgres"),
        (["--warehouse", f"duckdb:///{tmp_path}/none.duckdb"], "there is no file "),
        (["--warehouse", "postgres://me:word@127.0.0.1:9/x"], "cannot be reached"),
    ):
        assert run(["verify", "--config", config, *options]) == 1
        output = capsys.readouterr()
        assert said in output.err
        assert output.err.startswith("verify: ")
        assert len(output.err.splitlines()) == 1
        assert "word" not in output.err


@pytest.mark.parametrize("kind", ["company", "samples"])
def test_what_changed_after_the_sync_is_the_next_ones_to_bring(kind, tmp_path, capsys):
    """Streams that follow events; the few that change silently are told as stale."""
    options = TINY if kind == "company" else {}
    with a_world(tmp_path, kind, **options) as world:
        destination = Destination(world.connector.streams)
        first = world.connector.read()
        destination.receive(first.messages)
        path = tmp_path / "messages.jsonl"
        lines = "".join(json.dumps(message) + "\n" for message in first.messages)
        path.write_text(lines)
        world.advance(5)
        following = [
            each["name"]
            for each in world.connector.streams
            if each["name"]
            not in ("balance_transactions", "payout_balance_transactions", "checkout_sessions")
            and "incremental" in each["supported_sync_modes"]
        ]
        config = world.connector.file(world.connector.config)
        command = ["verify", "--config", config, "--messages", str(path), "--all"]
        assert run([*command, *following]) == 0
        assert "were created or changed after the last sync" in capsys.readouterr().out
        second = world.connector.read(destination.states)
        second.assert_complete()
        path.write_text(lines + "".join(json.dumps(message) + "\n" for message in second.messages))
        code = run(command)
        text = capsys.readouterr().out
        assert CLEAN in text, text
        assert code == 0
