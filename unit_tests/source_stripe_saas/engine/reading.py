"""A config, stream names and a state -> what a read prints, by either entry point."""

import io
from dataclasses import dataclass, field
from typing import Any

import orjson
from airbyte_cdk.models import (
    AirbyteStateMessageSerializer,
    ConfiguredAirbyteCatalog,
    SyncMode,
)
from airbyte_cdk.test import entrypoint_wrapper
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_stripe_saas.protocol.entrypoint import PageEntrypoint
from source_stripe_saas.protocol.line_writer import LineWriter
from source_stripe_saas.source import SourceStripeSaas

CONFIG = {"client_secret": "rk_test_51Secret"}


def a_catalog(*names: str, mode: SyncMode = SyncMode.incremental) -> ConfiguredAirbyteCatalog:
    catalog = CatalogBuilder()
    for name in names:
        catalog = catalog.with_stream(name, mode)
    return catalog.build()


def a_state(**blobs: dict[str, Any]) -> list[Any]:
    """State messages by stream name."""
    return [
        AirbyteStateMessageSerializer.load(
            {
                "type": "STREAM",
                "stream": {"stream_descriptor": {"name": name}, "stream_state": blob},
            }
        )
        for name, blob in blobs.items()
    ]


def read_plainly(
    *names: str,
    config: dict[str, Any] | None = None,
    state: list[Any] | None = None,
    mode: SyncMode = SyncMode.incremental,
    fails: bool = False,
) -> EntrypointOutput:
    """A read through the CDK's own entry point."""
    config = {**CONFIG, **(config or {})}
    catalog = a_catalog(*names, mode=mode)
    source = SourceStripeSaas(catalog, config, state)
    return entrypoint_wrapper.read(source, config, catalog, state, expecting_exception=fails)


@dataclass
class Output:
    """The lines of a read through the project's own entry point."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    error: AirbyteTracedException | None = None

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [line[kind.lower()] for line in self.lines if line["type"] == kind]

    def records(self, stream: str) -> list[dict[str, Any]]:
        return [line["data"] for line in self.of_type("RECORD") if line["stream"] == stream]

    def states(self, stream: str) -> list[dict[str, Any]]:
        return [
            line["stream"]["stream_state"]
            for line in self.of_type("STATE")
            if line["stream"]["stream_descriptor"]["name"] == stream
        ]

    def statuses(self, stream: str) -> list[str]:
        return [
            trace["stream_status"]["status"]
            for trace in self.of_type("TRACE")
            if trace["type"] == "STREAM_STATUS"
            and trace["stream_status"]["stream_descriptor"]["name"] == stream
        ]

    def errors(self) -> list[dict[str, Any]]:
        return [trace["error"] for trace in self.of_type("TRACE") if trace["type"] == "ERROR"]

    def what_happened(self, stream: str) -> list[str]:
        """The order of one stream's messages: STARTED, RECORD, STATE, COMPLETE …"""
        happened = []
        for line in self.lines:
            kind = line["type"]
            if kind == "RECORD" and line["record"]["stream"] == stream:
                happened.append(kind)
            elif kind == "STATE":
                name = line["state"]["stream"]["stream_descriptor"]["name"]
                happened += [kind] if name == stream else []
            elif kind == "TRACE" and line["trace"]["type"] == "STREAM_STATUS":
                status = line["trace"]["stream_status"]
                if status["stream_descriptor"]["name"] == stream:
                    happened.append(status["status"])
        return happened


def read_by_pages(
    *names: str,
    config: dict[str, Any] | None = None,
    state: list[Any] | None = None,
    mode: SyncMode = SyncMode.incremental,
) -> Output:
    """A read through the project's own entry point."""
    config = {**CONFIG, **(config or {})}
    catalog = a_catalog(*names, mode=mode)
    out, error = io.StringIO(), None
    try:
        source = SourceStripeSaas(catalog, config, state)
        source.pages = True
        PageEntrypoint(source, LineWriter(out)).read(config, catalog)
    except AirbyteTracedException as raised:
        error = raised
    return Output([orjson.loads(line) for line in out.getvalue().splitlines()], error)
