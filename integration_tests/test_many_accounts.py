"""Several accounts in one sync: each as if it were read alone, and none in the way of another.

Over 400 lines, as all cases begin with the same connected accounts and their states.
"""

import json
import signal

import pytest

from integration_tests.connector import MAIN_STREAMS, Connector, Run, decoded, start
from integration_tests.world import a_world
from stripe_saas import cli
from stripe_sandbox.account import SECONDS_PER_DAY
from stripe_sandbox.refusals import Refusal

NAMES = (
    *MAIN_STREAMS,
    "discounts",
    "invoice_line_items",
    "prices",
    "coupons",
    "account",
    "subscription_events",
)
ORGANIZATION_KEY = "sk_org_test_integration0000000001"


@pytest.fixture
def platform(tmp_path):
    """A platform whose clock may be moved, with three accounts, two of whose objects share ids."""
    with a_world(tmp_path, customers=5, months=3) as world:
        world.ids = world.account.connections.connect(3, seeds=[21, 21, 22])
        world.connector.config["accounts"] = world.ids
        yield world


def alone(world, tmp_path, account, states=(), names=NAMES):
    """The same account read by a config that names it alone."""
    folder = tmp_path / account
    folder.mkdir(exist_ok=True)
    run = Connector(folder, world.url, account_id=account).read(states, names)
    run.assert_complete()
    return run


def states_of(run):
    return [message["state"] for message in run.of_type("STATE")]


def last_states(run):
    return [
        {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": blob}}
        for name, blob in run.states.items()
    ]


def of_account(run, account):
    """Stream -> the records of an account, without its name, in the order of their text."""
    found = {}
    for name, records in run.records.items():
        mine = [
            json.dumps({k: v for k, v in row.items() if k != "account_id"}, sort_keys=True)
            for row in records
            if row["account_id"] == account
        ]
        if mine:
            found[name] = sorted(mine)
    return found


def plain(run):
    return {
        name: sorted(json.dumps(row, sort_keys=True) for row in records)
        for name, records in run.records.items()
    }


def named(row):
    return row["account_id"], row.get("id") or row["event_id"]


def test_each_account_is_read_as_if_it_were_alone(platform, tmp_path):
    run = platform.connector.read((), NAMES)
    run.assert_complete()
    assert {row["account_id"] for rows in run.records.values() for row in rows} == set(platform.ids)
    for account in platform.ids:
        single = alone(platform, tmp_path, account)
        assert of_account(run, account) == plain(single)
        for name in ("customers", "charges", "invoices"):
            assert run.states[name]["accounts"][account] == single.states[name]
    one, other, _ = platform.ids
    assert of_account(run, one)["customers"] == of_account(run, other)["customers"]


def test_the_changes_of_each_account_are_read_as_if_it_were_alone(platform, tmp_path):
    states = last_states(platform.connector.read((), NAMES))
    single = {name: last_states(alone(platform, tmp_path, name)) for name in platform.ids}
    platform.advance(9)
    run = platform.connector.read(states, NAMES)
    run.assert_complete()
    assert run.records["invoices"]
    for account in platform.ids:
        assert of_account(run, account) == plain(
            alone(platform, tmp_path, account, single[account])
        )


def test_account_id_is_the_first_field_of_records_schemas_and_keys(platform):
    run = platform.connector.read((), ["customers", "invoice_line_items", "subscription_events"])
    assert {next(iter(row)) for rows in run.records.values() for row in rows} == {"account_id"}
    for stream in platform.connector.streams:
        assert next(iter(stream["json_schema"]["properties"])) == "account_id"
        assert stream["source_defined_primary_key"][0] == ["account_id"]
        assert len(stream["source_defined_primary_key"]) > 1


@pytest.mark.parametrize("value", ["this", {"read": "this"}, None], ids=["text", "form", "none"])
def test_without_the_setting_nothing_changes(company, monkeypatch, value):
    names = ["customers", "invoices", "account"]
    expected = company.connector.read((), names)
    described = company.connector.streams
    monkeypatch.setitem(company.connector.config, "accounts", value)
    monkeypatch.setattr(company.connector, "_streams", [])
    run = company.connector.read((), names)
    run.assert_complete()
    assert company.connector.streams == described
    assert not any("account_id" in stream["json_schema"]["properties"] for stream in described)
    assert plain(run) == plain(expected)
    assert run.states == expected.states


def test_an_account_that_is_revoked_in_mid_sync_holds_up_no_other(platform):
    revoked, *others = platform.ids
    platform.account.connections.requests_left[revoked] = 6
    run = platform.connector.read((), NAMES)
    assert run.code == 1
    assert run.statuses["subscription_events"] == "INCOMPLETE"
    assert len(run.errors) == sum(status == "INCOMPLETE" for status in run.statuses.values())
    for error in run.errors:
        assert "in 1 of 3 accounts" in error["message"]
        assert revoked in error["message"]
        assert not any(other in error["message"] for other in others)
    for other in others:
        assert set(of_account(run, other)) >= {"customers", "invoices", "subscription_events"}
        assert "updated" in run.states["customers"]["accounts"][other]
    again = platform.connector.read(last_states(run), NAMES)
    assert {row["account_id"] for rows in again.records.values() for row in rows} <= set(others)
    assert of_account(again, others[0]).get("customers") is None


def test_an_account_that_refuses_is_named_and_the_others_are_complete(platform):
    refusing, *others = platform.ids
    platform.account.connections.is_refusing.add(refusing)
    run = platform.connector.read((), ["customers", "charges"])
    assert run.statuses == {"customers": "INCOMPLETE", "charges": "INCOMPLETE"}
    assert [refusing in error["message"] for error in run.errors] == [True, True]
    assert {row["account_id"] for row in run.records["customers"]} == set(others)


def test_all_connected_reads_the_platform_and_every_account_and_new_ones_later(platform):
    platform.connector.config["accounts"] = "all_connected"
    names = ["customers", "charges"]
    run = platform.connector.read((), names)
    run.assert_complete()
    own = platform.account.account_id
    listed = {row for row in platform.account.store.rows["account"] if row != own}
    assert set(run.states["customers"]["accounts"]) == {own, *listed}
    assert {own, *platform.ids} <= {row["account_id"] for row in run.records["customers"]}
    [new] = platform.account.connections.connect(1)
    platform.account.connections.revoke(platform.ids[0])
    again = platform.connector.read(last_states(run), names)
    again.assert_complete()
    assert {row["account_id"] for row in again.records["customers"]} == {new}
    kept = again.states["customers"]
    assert kept["accounts"][platform.ids[0]] == run.states["customers"]["accounts"][platform.ids[0]]
    assert kept["gone"] == [platform.ids[0]]
    named = [line for line in again.logs if platform.ids[0] in line["message"]]
    assert [line["level"] for line in named] == ["WARNING"]
    third = platform.connector.read(last_states(again), names)
    assert not any(platform.ids[0] in line["message"] for line in third.logs)


@pytest.mark.parametrize("form", ["list", "organization"])
def test_an_organization_key_reads_the_accounts_that_are_named(platform, tmp_path, form):
    ids = platform.ids
    platform.connector.config["client_secret"] = ORGANIZATION_KEY
    platform.connector.config["accounts"] = ids if form == "list" else {"organization": ids}
    run = platform.connector.read((), ["customers", "charges"])
    run.assert_complete()
    for account in ids:
        single = alone(platform, tmp_path, account, names=["customers", "charges"])
        assert of_account(run, account) == plain(single)


def test_a_state_of_one_account_is_read_again_and_one_line_says_so(platform):
    del platform.connector.config["accounts"]
    before = platform.connector.read((), ["customers", "charges"])
    platform.connector.config["accounts"] = platform.ids
    run = platform.connector.read(last_states(before), ["customers", "charges"])
    run.assert_complete()
    said = [line["message"] for line in run.logs if "read again" in line["message"]]
    assert said == [
        "The states of 2 streams are of one account without its name, so everything is read again."
    ]
    assert set(run.states["customers"]["accounts"]) == set(platform.ids)
    # ... and the other way round.
    del platform.connector.config["accounts"]
    back = platform.connector.read(last_states(run), ["customers", "charges"])
    back.assert_complete()
    assert len(back.records["customers"]) == len(before.records["customers"])


def test_a_killed_sync_goes_on_with_the_accounts_that_were_not_read(tmp_path):
    serving = {"latency_seconds": 0.05}  # time to be killed in
    with a_world(tmp_path, serving=serving, customers=2, months=1) as world:
        world.ids = world.account.connections.connect(3)
        world.connector.config |= {"accounts": world.ids, "num_workers": 1}  # one after the other
        whole = world.connector.read((), NAMES)
        third = world.ids[2]
        process = start(world.connector.read_arguments((), NAMES))
        lines = []
        for line in process.stdout:
            lines.append(line)
            if f'"account_id":"{third}"' in line:
                break
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
        process.wait(timeout=10)
        process.stdout.close()
        killed = Run(1, decoded("".join(lines)))
        assert not set(killed.statuses.values()) & {"COMPLETE", "INCOMPLETE"}
        world.account.advance(SECONDS_PER_DAY // 24)
        resumed = world.connector.read(last_states(killed), NAMES)
        resumed.assert_complete()
    for account in world.ids[:2]:
        read = of_account(resumed, account)
        assert not read.keys() & {"customers", "prices", "coupons", "products"}
    assert {row["account_id"] for row in resumed.records["prices"]} == {third}
    for name, records in whole.records.items():
        both = [*killed.records.get(name, []), *resumed.records.get(name, [])]
        keys = {named(row) for row in both}
        assert keys >= {named(row) for row in records}, name


def test_the_check_says_how_many_accounts_there_are_and_tries_some(platform):
    checked = platform.connector.check().connection
    assert checked["status"] == "SUCCEEDED"
    assert checked["message"].endswith("Accounts: 3. Tried: 3. Readable of these: 3.")
    platform.connector.config["accounts"] = "all_connected"
    checked = platform.connector.check().connection
    number = len(platform.account.store.rows["account"])
    assert checked["status"] == "SUCCEEDED"
    assert f"Connected to {platform.account.account_id}" in checked["message"]
    assert checked["message"].endswith(f"Accounts: {number}. Tried: 5. Readable of these: 5.")


def test_the_check_fails_by_the_name_of_an_account_that_the_config_names(platform):
    refusing = platform.ids[1]
    platform.account.connections.is_refusing.add(refusing)
    checked = platform.connector.check().connection
    assert checked["status"] == "FAILED"
    assert "Accounts: 3. Tried: 3. Readable of these: 2." in checked["message"]
    assert f"{refusing}: The provided key" in checked["message"]


def test_the_check_of_an_organization_tries_its_members(platform):
    platform.connector.config["client_secret"] = ORGANIZATION_KEY
    platform.connector.config["accounts"] = {"organization": platform.ids}
    checked = platform.connector.check().connection
    assert checked["status"] == "SUCCEEDED"
    assert f"Connected to {platform.ids[0]}" in checked["message"]
    platform.connector.config["accounts"] = {"organization": [*platform.ids, "acct_stranger"]}
    checked = platform.connector.check().connection
    assert checked["status"] == "FAILED"
    assert "acct_stranger: " in checked["message"]


def test_a_key_that_may_not_list_connected_accounts_is_told_so(platform):
    restricted = "rk_test_integration0000000009"
    platform.post("keys", {"key": restricted, "denied": ["rak_connected_account_read"]})
    platform.connector.config["client_secret"] = restricted
    platform.connector.config["accounts"] = "all_connected"
    checked = platform.connector.check().connection
    assert checked["status"] == "FAILED"
    assert "Config field `accounts` is `all_connected`" in checked["message"]
    run = platform.connector.read((), ["customers"])
    assert run.code == 1
    assert "Config field `accounts` is `all_connected`" in run.errors[0]["message"]


def test_a_signal_ends_the_read_with_the_states_of_what_was_written(tmp_path):
    with a_world(tmp_path, serving={"latency_seconds": 0.05}, customers=2, months=1) as world:
        ids = world.account.connections.connect(3)
        world.connector.config |= {"accounts": ids, "num_workers": 1}
        process = start(world.connector.read_arguments((), NAMES))
        lines = []
        for line in process.stdout:
            lines.append(line)
            if f'"account_id":"{ids[1]}"' in line:
                process.send_signal(signal.SIGTERM)
                break
        lines += process.stdout.readlines()
        assert process.wait(timeout=10) == 128 + signal.SIGTERM
        process.stdout.close()
        stopped = Run(143, decoded("".join(lines)))
        assert set(stopped.statuses.values()) == {"INCOMPLETE"}
        assert "updated" in stopped.states["prices"]["accounts"][ids[0]]
        resumed = world.connector.read(last_states(stopped), NAMES)
        resumed.assert_complete()
    assert ids[0] not in {row["account_id"] for row in resumed.records["prices"]}


def test_the_cdks_runtime_refuses_several_accounts(platform):
    arguments = platform.connector.read_arguments((), ["customers"])
    run = platform.connector.run(*arguments, "--runtime", "cdk")
    assert run.errors[0]["message"].startswith("Config field `accounts` names several accounts")


def test_explain_tells_of_a_subscription_in_the_account_that_is_named(platform, capsys):
    config = platform.connector.file(platform.connector.config)
    first, _, last = platform.ids
    of_last = platform.account.connections.account(last)
    identity = next(of_last.store.contents("subscription"))["id"]
    asking = ["explain", identity, "--config", config]
    assert cli.run([*asking, "--account", last]) == 0
    assert f"{identity} of customer" in capsys.readouterr().out
    refusals = {
        (): "names several accounts: choose one by `--account acct_…`",
        ("--account", first): "the account has no such subscription",
        ("--account", "acct_1Unknown"): "does not open acct_1Unknown",
    }
    for more, said in refusals.items():
        assert cli.run([*asking, *more]) == 1
        assert said in capsys.readouterr().err


def analytics(run):
    traces = [message["trace"] for message in run.of_type("TRACE")]
    return [trace["analytics"] for trace in traces if trace["type"] == "ANALYTICS"]


def test_a_state_of_no_use_has_that_account_alone_read_again(platform):
    states = last_states(platform.connector.read((), ["customers"]))
    one, *others = platform.ids
    states[0]["stream"]["stream_state"]["accounts"][one] = {"updated": 5}
    run = platform.connector.read(states, ["customers"])
    run.assert_complete()
    assert analytics(run) == [
        {"type": "stripe-saas-stream-read-again", "value": f"customers {one}"}
    ]
    assert of_account(run, one)["customers"]
    assert not any(of_account(run, other) for other in others)


def test_a_trace_names_the_accounts_that_a_stream_lacks(platform):
    refusing = platform.ids[:2]
    platform.account.connections.is_refusing.update(refusing)
    run = platform.connector.read((), ["customers"])
    value = " ".join(("customers", *refusing))
    assert analytics(run) == [{"type": "stripe-saas-stream-lacks-accounts", "value": value}]
    kinds = [
        (message["trace"]["type"], message["trace"].get("stream_status", {}).get("status"))
        for message in run.of_type("TRACE")
    ]
    assert kinds[-2:] == [("ANALYTICS", None), ("STREAM_STATUS", "INCOMPLETE")]


def test_a_signal_ends_all_accounts_that_are_being_read(tmp_path):
    with a_world(tmp_path, serving={"latency_seconds": 0.05}, customers=2, months=1) as world:
        ids = world.account.connections.connect(8)
        world.connector.config["accounts"] = ids
        process = start(world.connector.read_arguments((), NAMES))
        lines = []
        for line in process.stdout:
            lines.append(line)
            if '"type":"RECORD"' in line:
                process.send_signal(signal.SIGTERM)
                break
        lines += process.stdout.readlines()
        assert process.wait(timeout=10) == 128 + signal.SIGTERM
        process.stdout.close()
        stopped = Run(143, decoded("".join(lines)))
        assert set(stopped.statuses.values()) == {"INCOMPLETE"}
        assert set(stopped.states["customers"]["accounts"]) == set(ids)
        world.account.connections.connect(1)
        resumed = world.connector.read(last_states(stopped), NAMES)
        resumed.assert_complete()
        whole = world.connector.read((), NAMES)
    for name, records in whole.records.items():
        both = [*stopped.records.get(name, []), *resumed.records.get(name, [])]
        assert {named(row) for row in both} >= {named(row) for row in records}, name


def test_a_key_that_is_revoked_on_the_way_is_not_tried_with_every_account(tmp_path):
    asked = []

    async def hook(call, proceed):
        asked.append(call.headers.get("stripe-account"))
        if len(asked) > 3:
            raise Refusal(401, "Invalid API Key provided: sk_test_***")
        return await proceed(call)

    with a_world(tmp_path, serving={"hooks": (hook,)}, customers=2, months=1) as world:
        ids = world.account.connections.connect(9)
        world.connector.config |= {"accounts": ids, "num_workers": 1}
        run = world.connector.read((), ["customers"])
    assert run.code == 1
    assert run.statuses == {"customers": "INCOMPLETE"}
    assert "in 8 of 9 accounts" in run.errors[0]["message"]
    assert len(set(asked)) < 5, "the others were not asked for"
    assert set(run.states["customers"]["accounts"]) == set(ids)
