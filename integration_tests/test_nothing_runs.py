"""No code runs from a config or a state, not even where the CDK would run it."""

import hashlib
import hmac
import io
import json

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from integration_tests.connector import TEST_KEY
from source_stripe_saas.__main__ import run
from source_stripe_saas.config.settings import parse_settings
from source_stripe_saas.source import SourceStripeSaas

TEMPLATES = [
    "{{ config['client_secret'] }}",
    "{{ 1234567 * 7654321 }}",
    "{% for x in range(3) %}{{ 1234567 * 7654321 }}{% endfor %}",
    "{{ now_utc() }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
]
WORKED_OUT = str(1234567 * 7654321)


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """Code that leaves a file behind where it runs, and an environment that would let it run."""
    monkeypatch.setenv("AIRBYTE_ENABLE_UNSAFE_CODE", "true")
    left = tmp_path / "it ran"
    code = f"open({str(left)!r}, 'w').close()\n"
    yield code
    assert not left.exists()


def injected(code):
    return {
        "__injected_components_py": code,
        "__injected_components_py_checksums": {"md5": hashlib.md5(code.encode()).hexdigest()},
        "__injected_declarative_manifest": {"type": "DeclarativeSource", "streams": []},
    }


@pytest.mark.parametrize("command", ["check", "discover", "read"])
def test_fields_that_the_cdk_would_obey_are_refused_before_it_sees_them(
    trap, company, tmp_path, command
):
    for name, value in injected(trap).items():
        config = {**company.connector.config, **injected(trap), name: value}
        arguments = [command, "--config", company.connector.file(config)]
        if command == "read":
            arguments += ["--catalog", company.connector.file(company.connector.catalog())]
        out = io.StringIO()
        assert run(arguments, out) == 1
        assert "`__injected...` is reserved" in out.getvalue()
        with pytest.raises(AirbyteTracedException, match="reserved"):
            SourceStripeSaas(None, config, None)


def test_other_fields_of_a_platform_are_accepted_and_kept_from_the_cdk(company):
    fields = {"__should_migrate": True, "__test_read_config": {}, "__authenticator": "other"}
    config = {**company.connector.config, **fields}
    source = SourceStripeSaas(None, config, None)
    own = {name: value for name, value in source._config.items() if name.startswith("__")}
    assert own == {"__authenticator": "api_key"}  # which the manifest works out by itself
    run = company.connector.run("check", "--config", company.connector.file(config))
    assert run.connection["status"] == "SUCCEEDED"


def test_the_trap_would_snap(tmp_path, monkeypatch):
    from airbyte_cdk.sources.declarative.parsers.custom_code_compiler import (
        get_registered_components_module,
    )

    monkeypatch.setenv("AIRBYTE_ENABLE_UNSAFE_CODE", "true")
    left = tmp_path / "it ran"
    code = f"open({str(left)!r}, 'w').close()\n"
    get_registered_components_module(injected(code))
    assert left.exists()


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    "field",
    ["account_id", "start_date", "mode", "api_url", "personal_data", "check_streams", "mrr"],
)
def test_a_template_in_a_setting_is_a_text_like_any_other(company, template, field):
    value = {"check_streams": [template], "mrr": {"discounts": template}}.get(field, template)
    config = company.connector.file({**company.connector.config, field: value})
    ended = company.connector.run("check", "--config", config)
    said = json.dumps(ended.messages)
    assert ended.code in (0, 1)
    assert "FAILED" in said
    assert field.partition(".")[0] in said
    assert WORKED_OUT not in said
    assert TEST_KEY not in said


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_in_a_secret_or_an_unknown_field_is_not_worked_out(company, template):
    key = f"{template:*<40}"
    settings = {"personal_data": "hash", "personal_data_key": key, "of_ones_own": template}
    config = {**company.connector.config, **settings}
    assert parse_settings(config).privacy.key == key
    catalog = company.connector.file(company.connector.catalog(["customers"]))
    ended = company.connector.run(
        "read", "--config", company.connector.file(config), "--catalog", catalog
    )
    assert ended.code == 0
    emails = {record["id"]: record["email"] for record in ended.records["customers"]}
    plain = company.connector.read(names=["customers"]).records["customers"]
    for record in plain:
        if record["email"]:
            text = record["email"].strip().lower().encode()
            expected = hmac.new(key.encode(), text, hashlib.sha256).hexdigest()
            assert emails[record["id"]] == expected


STATES = [
    {"updated": "{{ 1234567 * 7654321 }}"},
    {"{{ 1234567 * 7654321 }}": 1},
    {"updated": "__import__('os').abort()"},
    {"py/object": "os.system", "py/reduce": [{"py/function": "os.abort"}, []]},
    {"__class__": "os.system", "updated": 1},
    {"backfill": {"began": "{{ now_utc() }}", "done": {"{{ x }}": [[1, 2]]}}},
]


@pytest.mark.parametrize("blob", STATES)
def test_a_state_is_read_and_never_run(trap, company, blob):
    descriptor = {"name": "customers"}
    stream = {"stream_descriptor": descriptor, "stream_state": {**blob, "code": trap}}
    ended = company.connector.read([{"type": "STREAM", "stream": stream}], ["customers"])
    assert ended.code == 0
    assert len(ended.records["customers"]) == company.truth.counts()["customers"]["count"]
    assert WORKED_OUT not in json.dumps(ended.messages + ended.logs)
