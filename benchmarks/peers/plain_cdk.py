"""A server's address and collections -> Airbyte messages, by the CDK's declarative path as it is.

    python plain_cdk.py URL customers invoices ...

The smallest manifest that reads Stripe's lists: paths, paging, a schema that allows everything. No
transformations, no cursors, no limits.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from airbyte_cdk.entrypoint import launch
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)


def stream(url: str, collection: str) -> dict[str, Any]:
    """One stream of the manifest."""
    return {
        "type": "DeclarativeStream",
        "name": collection,
        "primary_key": ["id"],
        "schema_loader": {
            "type": "InlineSchemaLoader",
            "schema": {"type": "object", "properties": {}, "additionalProperties": True},
        },
        "retriever": {
            "type": "SimpleRetriever",
            "requester": {
                "type": "HttpRequester",
                "url_base": f"{url}/v1",
                "path": collection,
                "http_method": "GET",
                "request_parameters": {"status": "all"},
                "authenticator": {
                    "type": "BearerAuthenticator",
                    "api_token": "{{ config['client_secret'] }}",
                },
            },
            "record_selector": {
                "type": "RecordSelector",
                "extractor": {"type": "DpathExtractor", "field_path": ["data"]},
            },
            "paginator": {
                "type": "DefaultPaginator",
                "page_token_option": {
                    "type": "RequestOption",
                    "inject_into": "request_parameter",
                    "field_name": "starting_after",
                },
                "page_size_option": {
                    "type": "RequestOption",
                    "inject_into": "request_parameter",
                    "field_name": "limit",
                },
                "pagination_strategy": {
                    "type": "CursorPagination",
                    "page_size": 100,
                    "cursor_value": '{{ response["data"][-1]["id"] }}',
                    "stop_condition": '{{ not response["has_more"] }}',
                },
            },
        },
    }


def manifest(url: str, collections: list[str]) -> dict[str, Any]:
    """The whole manifest."""
    return {
        "version": "6.42.1",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": collections[:1]},
        "streams": [stream(url, collection) for collection in collections],
        "concurrency_level": {"type": "ConcurrencyLevel", "default_concurrency": 10},
        "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
    }


def catalog(collections: list[str]) -> dict[str, Any]:
    """Asks for everything."""
    return {
        "streams": [
            {
                "stream": {
                    "name": name,
                    "json_schema": {},
                    "supported_sync_modes": ["full_refresh"],
                },
                "sync_mode": "full_refresh",
                "destination_sync_mode": "append",
            }
            for name in collections
        ]
    }


def main() -> None:
    """Runs `read`."""
    url, collections = sys.argv[1], sys.argv[2:]
    config = {"client_secret": "rk_live_benchmark"}
    chosen = catalog(collections)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("config", config), ("catalog", chosen)):
            (Path(folder) / name).write_text(json.dumps(content))
        source = ConcurrentDeclarativeSource(
            catalog=ConfiguredAirbyteCatalogSerializer.load(chosen),
            config=config,
            state=[],
            source_config=manifest(url, collections),
        )
        files = ["--config", f"{folder}/config", "--catalog", f"{folder}/catalog"]
        launch(source, ["read", *files])


if __name__ == "__main__":
    main()
