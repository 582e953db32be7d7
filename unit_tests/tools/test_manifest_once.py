"""The tests' shortcut past the CDK's work on the manifest changes nothing that comes out of it."""

import pytest
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)
from jsonschema.exceptions import ValidationError

from source_stripe_saas.config import resources
from source_stripe_saas.source import SourceStripeSaas


def test_a_source_has_the_manifest_as_the_cdk_resolves_it():
    source = SourceStripeSaas()
    of_the_cdk = ConcurrentDeclarativeSource._pre_process_manifest.__wrapped__
    assert source.resolved_manifest == of_the_cdk(source, resources.manifest())


def test_what_one_source_changes_in_its_manifest_no_other_one_has():
    one = SourceStripeSaas()
    one.resolved_manifest["streams"].clear()
    assert len(SourceStripeSaas().resolved_manifest["streams"]) > 50


def test_a_manifest_that_is_not_valid_is_refused_every_time():
    SourceStripeSaas()
    damaged = resources.manifest()
    damaged["streams"][0]["type"] = "NoSuchStream"
    for _ in range(2):
        with pytest.raises(ValidationError):
            ConcurrentDeclarativeSource(source_config=damaged)
