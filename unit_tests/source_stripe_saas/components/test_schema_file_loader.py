"""The schema loader of the manifest: a schema by the stream's name."""

import pytest

from source_stripe_saas.components.schema_file_loader import SchemaFileLoader
from source_stripe_saas.config import resources


def test_a_stream_gets_the_schema_of_its_name():
    loader = SchemaFileLoader(config={}, parameters={"name": "refunds"})
    assert loader.get_json_schema() == resources.schema("refunds")
    assert "charge" in loader.get_json_schema()["properties"]


def test_a_stream_without_a_schema_is_an_error():
    with pytest.raises(FileNotFoundError):
        SchemaFileLoader(config={}, parameters={"name": "nothing"}).get_json_schema()
