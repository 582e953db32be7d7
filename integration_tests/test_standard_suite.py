"""The CDK's standard tests of every source, run on this one against the sandbox."""

import json
from pathlib import Path

import pytest
from airbyte_cdk.models import AirbyteStateMessageSerializer, ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.test import entrypoint_wrapper
from airbyte_cdk.test.standard_tests import SourceTestSuiteBase

from source_stripe_saas.source import SourceStripeSaas
from stripe_sandbox.account import open_account
from stripe_sandbox.server.running import running_sandbox

HERE = Path(__file__).parent


class PointedAtTheSandbox(SourceStripeSaas):
    """The connector, with the address of a server that runs on whatever port was free."""

    api_url = ""
    customers: list[str] = []

    def __init__(self, catalog=None, config=None, state=None, **kwargs):
        super().__init__(catalog, self.pointed(config) if config else None, state, **kwargs)

    def check(self, logger, config):
        return super().check(logger, self.pointed(config))

    @classmethod
    def pointed(cls, config):
        return {**config, "api_url": cls.api_url, "meter_customers": cls.customers}


@pytest.fixture(scope="module", autouse=True)
def _sandbox():
    account = open_account("samples")
    # The suite wants records of every stream, and one has them only for customers that are named.
    PointedAtTheSandbox.customers = list(account.store.rows["customer"])[:3]
    with running_sandbox(account) as url:
        PointedAtTheSandbox.api_url = url
        yield


class TestStandardSuite(SourceTestSuiteBase):
    """Spec, check, discover and read as Airbyte expects them of any source."""

    connector = PointedAtTheSandbox

    @classmethod
    def create_connector(cls, scenario):
        config = None
        if scenario is not None:
            root = cls.get_connector_root_dir()
            config = scenario.get_config_dict(connector_root=root, empty_if_missing=True) or None
        if scenario is not None and scenario.status == "failed":
            config = None  # only its check is run, and that is given the config again
        return PointedAtTheSandbox(config=config)


def sample(name):
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def test_a_state_from_the_future_or_of_no_use_means_reading_everything_again(caplog):
    config = sample("sample_config.json")
    catalog = ConfiguredAirbyteCatalogSerializer.load(sample("configured_catalog.json"))
    state = [AirbyteStateMessageSerializer.load(entry) for entry in sample("abnormal_state.json")]
    without = read(config, catalog, None)
    output = read(config, catalog, state)
    for chosen in catalog.streams:
        name = chosen.stream.name
        assert records(output, name) == records(without, name), name
        assert last_state(output, name) == last_state(without, name), name
        said = [line for line in caplog.messages if line.startswith(f"Stream {name}: its state")]
        assert len(said) == 1, name


def read(config, catalog, state):
    source = PointedAtTheSandbox(catalog, config, state)
    output = entrypoint_wrapper.read(source, config, catalog, state)
    assert output.errors == []
    return output


def records(output, name):
    found = [m.record.data for m in output.records if m.record.stream == name]
    assert found
    return sorted(found, key=lambda record: record["id"])


def last_state(output, name):
    states = [
        m.state.stream.stream_state.__dict__
        for m in output.state_messages
        if m.state.stream.stream_descriptor.name == name
    ]
    return states[-1]
