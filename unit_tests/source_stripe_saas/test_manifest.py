"""The manifest is what the CDK takes for one; a read does not look again."""

import pytest
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)
from jsonschema.exceptions import ValidationError

from source_stripe_saas.source import SourceStripeSaas


def test_the_manifest_is_valid_low_code():
    ConcurrentDeclarativeSource._validate_source(SourceStripeSaas())


def test_a_manifest_that_is_not_would_be_found_out():
    source = SourceStripeSaas()
    source._source_config["streams"][0]["retriever"]["type"] = 7
    with pytest.raises(ValidationError):
        ConcurrentDeclarativeSource._validate_source(source)
