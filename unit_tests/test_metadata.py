"""metadata.yaml: what Airbyte demands of it, and what must agree with the repository."""

import json
import re
import uuid
from importlib.resources import files
from pathlib import Path

import jsonschema
import yaml
from airbyte_connector_models.metadata.v0.connector_metadata_definition_v0 import (
    ConnectorMetadataDefinitionV0,
)

from source_stripe_saas.streams.plans import load_plans

ROOT = Path(__file__).parents[1]
METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text(encoding="utf-8"))
DATA = METADATA["data"]
SUGGESTED = DATA["suggestedStreams"]["streams"]
PLANS = load_plans()


def project_field(name):
    """A field of pyproject.toml's [project]; Python 3.10 cannot read TOML."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = text.split("[project]\n", 1)[1].split("\n[", 1)[0]
    return re.search(rf'^{name} = "([^"]+)"$', section, re.MULTILINE)[1]


def without_ids(node):
    """A schema without `$id`s: bundled from several files, its references count from the root."""
    if isinstance(node, list):
        return [without_ids(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    return {key: without_ids(value) for key, value in node.items() if key != "$id"}


def errors_in(metadata):
    package = files("airbyte_connector_models.metadata.v0")
    schema = package.joinpath("ConnectorMetadataDefinitionV0.json").read_text(encoding="utf-8")
    validator = jsonschema.Draft7Validator(
        without_ids(json.loads(schema)),
        format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER,
    )
    return [error.message for error in validator.iter_errors(metadata)]


def test_metadata_fits_airbytes_schema():
    assert errors_in(METADATA) == []


def test_field_that_airbyte_does_not_know_would_be_noticed():
    assert errors_in({**METADATA, "data": {**DATA, "allowedHost": {}}}) != []


def test_metadata_loads_as_airbytes_model():
    model = ConnectorMetadataDefinitionV0.model_validate(METADATA)
    assert model.data.name == "Stripe for SaaS"
    assert str(model.data.definition_id) == str(uuid.UUID(DATA["definitionId"]))


def test_versions_and_names_agree_with_the_package():
    assert DATA["dockerImageTag"] == project_field("version")
    assert DATA["remoteRegistries"]["pypi"]["packageName"] == project_field("name")
    assert DATA["license"] == project_field("license")


def test_only_stripes_api_is_reached():
    assert DATA["allowedHosts"]["hosts"] == ["api.stripe.com"]


def test_suggested_streams_exist_and_begin_with_the_six_main_ones():
    assert len(SUGGESTED) == len(set(SUGGESTED))
    assert set(SUGGESTED) <= set(PLANS)
    assert SUGGESTED[:6] == list(PLANS)[:6]


def test_no_suggested_stream_costs_a_request_per_parent():
    assert [name for name in SUGGESTED if PLANS[name].call is not None] == []


def test_no_suggested_stream_needs_issuing_or_connect():
    special = ("issuing_", "connected_account_", "application_fee_", "transfer_", "top_up_")
    assert [name for name in SUGGESTED if PLANS[name].permission.startswith(special)] == []


def test_base_image_is_pinned_by_digest():
    assert re.search(
        r":\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$", DATA["connectorBuildOptions"]["baseImage"]
    )
