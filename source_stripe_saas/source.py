"""The connector as a source of the CDK: what it can be asked, and who answers."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from airbyte_cdk.models import (
    AirbyteCatalog,
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    AirbyteStream,
    AirbyteStreamStatus,
    ConfiguredAirbyteCatalog,
    ConnectorSpecification,
    FailureType,
    Status,
    StreamDescriptor,
)
from airbyte_cdk.models import ConnectorSpecificationSerializer as SpecificationSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message as status_message
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_stripe_saas.accounts_sync import AccountsSync
from source_stripe_saas.config import resources
from source_stripe_saas.config.settings import (
    ConfigError,
    Settings,
    parse_settings,
    without_reserved,
)
from source_stripe_saas.connection import errors
from source_stripe_saas.connection.check import check_connection
from source_stripe_saas.engine.page_stream import page_stream
from source_stripe_saas.streams.plans import load_plans
from source_stripe_saas.sync import Sync


class SourceStripeSaas(ConcurrentDeclarativeSource):
    """Stripe's streams as the manifest lists them, read by pages."""

    pages = False
    """True lets `read` yield whole pages as one message; the project's own entry point sets it."""

    def __init__(
        self,
        catalog: ConfiguredAirbyteCatalog | None = None,
        config: Mapping[str, Any] | None = None,
        state: list[AirbyteStateMessage] | None = None,
        **kwargs: Any,
    ) -> None:
        """Takes what the CDK's sources take; without a config only `spec` works.

        Raises:
            AirbyteTracedException: the config cannot be used.
        """
        # Ahead of the CDK, which obeys some fields of a config, up to running code from it.
        self.settings = _parsed(config) if config else None
        config = without_reserved(config) if config else config
        # A read takes its streams from the plans; the CDK must have one all the same.
        chosen = [each.stream.name for each in catalog.streams][:1] if catalog else None
        super().__init__(
            catalog=catalog,
            config=config,
            state=state,
            source_config=resources.manifest() if chosen is None else resources.manifest_of(chosen),
            **kwargs,
        )
        self.plans = load_plans()
        self.states = state or []
        self.sync: Sync | AccountsSync | None = None
        """The read that was begun last."""

    def spec(self, logger: logging.Logger) -> ConnectorSpecification:
        """The specification, from `spec.yaml`."""
        return SpecificationSerializer.load(resources.spec())

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Tells apart a bad key, the wrong account, missing permissions and a dead network."""
        try:
            settings = _parsed(config)
        except AirbyteTracedException as error:
            return AirbyteConnectionStatus(status=Status.FAILED, message=error.message)
        report = check_connection(settings, self.plans, logger)
        return AirbyteConnectionStatus(
            status=Status.SUCCEEDED if report.is_good else Status.FAILED, message=report.text
        )

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteCatalog:
        """All streams, by the config that is given; the CDK takes the one that it was made with.

        A source that was made ahead has none; see `make_ready`.
        """
        return AirbyteCatalog(
            streams=[stream.as_airbyte_stream() for stream in self.streams(config)]
        )

    def streams(self, config: Mapping[str, Any]) -> list[AbstractStream]:
        """All streams, for `discover`; they have nothing to read.

        The CDK's own would be built of the manifest's components, which read one record at a time.
        """
        has_account = _parsed(config).accounts is not None
        return [
            page_stream(plan, self.logger, has_account=has_account) for plan in self.plans.values()
        ]

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """Reads the catalog's streams, with the config and states that the source was made with.

        Raises:
            AirbyteTracedException: nothing can be read, or not every stream was read to its end.
        """
        assert self.settings is not None, "read needs a config"
        known = [chosen for chosen in catalog.streams if chosen.stream.name in self.plans]
        unknown = [chosen for chosen in catalog.streams if chosen.stream.name not in self.plans]
        for chosen in unknown:
            yield from self._incomplete(chosen.stream)
        kind = Sync if self.settings.accounts is None else AccountsSync
        self.sync = kind(
            self.settings,
            ConfiguredAirbyteCatalog(streams=known),
            self.states,
            self.plans,
            self.logger,
            unknown=[chosen.stream.name for chosen in unknown],
            as_lines=self.pages,
        )
        yield from self.sync.messages()
        if unknown:
            # Each has reported its own; this one makes the exit code.
            names = ", ".join(chosen.stream.name for chosen in unknown)
            raise AirbyteTracedException(
                message=f"Streams that do not exist: {names}.",
                internal_message="Concurrent read failure",
                failure_type=FailureType.config_error,
            )

    def _incomplete(self, stream: AirbyteStream) -> Iterator[AirbyteMessage]:
        """What is said of a stream that does not exist; the others go on."""
        error = errors.unknown_stream(stream.name)
        descriptor = StreamDescriptor(name=stream.name)
        yield error.as_sanitized_airbyte_message(stream_descriptor=descriptor)
        yield status_message(stream, AirbyteStreamStatus.INCOMPLETE)

    def stop(self, number: int) -> bool:
        """Ends a read early; see `PageSource.stop`."""
        return self.sync is not None and self.sync.stop(number)


_READY: SourceStripeSaas | None = None
"""What the forks of this process take, instead of having the CDK resolve the manifest again."""


def make_ready() -> None:
    """Makes a source ahead, for the processes that are forked from this one."""
    global _READY
    _READY = SourceStripeSaas()


def source_of(
    catalog: ConfiguredAirbyteCatalog | None,
    config: Mapping[str, Any],
    state: list[AirbyteStateMessage],
) -> SourceStripeSaas:
    """A source for the one command of this process; takes what `SourceStripeSaas` takes.

    Raises:
        AirbyteTracedException: the config cannot be used.
    """
    if _READY is None:
        return SourceStripeSaas(catalog, config, state)
    # The config that the CDK keeps besides serves its own reads alone.
    _READY.settings, _READY.states = _parsed(config) if config else None, state
    return _READY


def _parsed(config: Mapping[str, Any]) -> Settings:
    try:
        return parse_settings(config)
    except ConfigError as error:
        raise errors.config_problem(error) from error
