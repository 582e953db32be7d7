"""A config, a catalog and a state -> the streams, handed to the CDK's concurrent core."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
    ConnectorSpecification,
    Status,
    SyncMode,
)
from airbyte_cdk.models import ConnectorSpecificationSerializer as SpecificationSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.cursor import CursorField
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.refusal import EventsForgotten, StripeError
from source_stripe_saas.api.trust import remarks
from source_stripe_saas.config import resources
from source_stripe_saas.config.settings import ConfigError, Settings, parse_settings
from source_stripe_saas.connection import errors
from source_stripe_saas.connection.account import Account, AccountRefused, access_of, open_account
from source_stripe_saas.connection.check import check_connection
from source_stripe_saas.engine.core import PageSource
from source_stripe_saas.engine.cursor import AnyProgress, ProgressCursor
from source_stripe_saas.engine.page import PageFormat
from source_stripe_saas.engine.partition import Placeholder, TaskPartitions
from source_stripe_saas.ledger.progress import read_ledger_position
from source_stripe_saas.ledger.sync import LedgerSync
from source_stripe_saas.ledger.sync_choice import choose_sync
from source_stripe_saas.privacy.redaction import Redaction
from source_stripe_saas.streams.assignment import Assignment, SyncedStream, assign
from source_stripe_saas.streams.cpu_load import CpuLoad
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.plans import load_plans
from source_stripe_saas.streams.position import read_position
from source_stripe_saas.streams.progress import Progress
from source_stripe_saas.streams.read_mode import FullRead, choose_read_mode
from source_stripe_saas.streams.reader_slots import ReaderSlots
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Task

_WORKERS: Mapping[str, int] = {"live": 64, "test": 16}
"""Threads by the key's mode when the config leaves it to us.

Stripe lets 100 requests a second through to live data, 25 to test data; at half a second each that
keeps 50 or 13 of them waiting for replies.
"""


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
        settings = self._parsed(config) if config else None
        super().__init__(
            catalog=catalog,
            config=config,
            state=state,
            source_config=resources.manifest(),
            **kwargs,
        )
        self.plans = load_plans()
        self._catalog = catalog
        self._settings: Settings | None = settings
        self._client: StripeClient | None = None
        self._account: Account | None = None
        self._readers: dict[str, StreamReader] = {}
        self._ledger: LedgerSync | None = None
        self._page_format = PageFormat()
        self._workers = _workers(self._settings)
        self._concurrent_source: PageSource = PageSource.of(
            self._workers,
            self.logger,
            self._message_repository,
            self._concurrent_source._queue,
            self._on_failure,
        )

    # -- the protocol ------------------------------------------------------------------------------

    def spec(self, logger: logging.Logger) -> ConnectorSpecification:
        """The specification, from `spec.yaml`."""
        return SpecificationSerializer.load(resources.spec())

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Tells apart a bad key, the wrong account, missing permissions and a dead network."""
        try:
            settings = self._parsed(config)
        except AirbyteTracedException as error:
            return AirbyteConnectionStatus(status=Status.FAILED, message=error.message)
        report = check_connection(settings, self.plans, logger)
        return AirbyteConnectionStatus(
            status=Status.SUCCEEDED if report.is_good else Status.FAILED, message=report.text
        )

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """Reads the catalog's streams."""
        self._catalog = catalog
        unknown = [
            chosen.stream.name for chosen in catalog.streams if chosen.stream.name not in self.plans
        ]
        if unknown:
            raise errors.config_problem(
                ConfigError("catalog", f"names a stream that does not exist: {unknown[0]!r}.")
            )
        began = time.monotonic()
        self._begin_sync()
        try:
            yield from super().read(logger, config, catalog, state)
        finally:
            if self._ledger is not None:
                self._ledger.close()
            self.logger.info(self._summary(time.monotonic() - began))

    def streams(self, config: Mapping[str, Any]) -> list[AbstractStream]:
        """The manifest's streams, each with this project's cursor and partitions.

        The CDK's own would be built of the manifest's components, which read one record at a time.
        """
        plans = self.plans.values()
        self._page_format = PageFormat(self.pages, self._redactions())
        if self._account is None:
            return [self._stream(plan, _nothing) for plan in plans]
        chosen = [each.stream.name for each in self._catalog.streams] if self._catalog else []
        synced: list[SyncedStream] = []
        progress: dict[str, AnyProgress] = {}
        for name in chosen:
            if self.plans[name].derived:
                self._ledger = self._ledger_sync(self.plans[name], self._account)
                progress[name] = self._ledger.progress
                synced += self._ledger.synced_streams(self._settings.start if self._settings else 0)
            else:
                synced.append(self._synced_stream(self.plans[name], self._account))
                progress[name] = synced[-1].progress
        assignments = assign(synced)
        if self._ledger is not None:
            assignment = assignments.setdefault(self._ledger.reader.plan.name, Assignment())
            assignment.tasks += self._ledger.tasks()
        return [
            self._stream(
                plan,
                partial(_begun, plan.name, assignments.get(plan.name, Assignment())),
                progress.get(plan.name),
            )
            for plan in plans
        ]

    def stop(self, number: int) -> bool:
        """Ends a read early; see `PageSource.stop`."""
        return self._concurrent_source.stop(number)

    # -- the parts ---------------------------------------------------------------------------------

    @staticmethod
    def _parsed(config: Mapping[str, Any]) -> Settings:
        try:
            return parse_settings(config)
        except ConfigError as error:
            raise errors.config_problem(error) from error

    def _summary(self, seconds: float) -> str:
        """The last line of a sync's log: how it ended, and what it cost."""
        assert self._client is not None
        chosen = [each.stream.name for each in self._catalog.streams] if self._catalog else []
        lacking = [name for name in chosen if name not in self._concurrent_source.complete]
        ended = f"All {len(chosen)} streams are complete"
        if lacking:
            ended = f"{len(lacking)} of {len(chosen)} streams are incomplete: {', '.join(lacking)}"
        requests = sum(self._client.requests_sent.values())
        records = self._concurrent_source.records_written
        return (
            f"{ended}. {records} records in {seconds:.1f} s, {requests} requests, "
            f"{self._client.bytes_received} bytes received, "
            f"{self._client.limits.waited_seconds:.1f} s of waiting for the rate limit, "
            "added up over all threads." + (f" {self._ledger.summary()}" if self._ledger else "")
        )

    def _begin_sync(self) -> None:
        """Asks Stripe who and when, once, before any stream starts."""
        assert self._settings is not None, "read needs a config"
        access = access_of(self._settings)
        for remark in remarks(access):
            self.logger.info(remark)
        self._client = StripeClient(access)
        limits = self._client.limits
        self._slots = ReaderSlots(
            per_second=limits.endpoint_per_second,
            latency_seconds=lambda: self._client.latency_seconds if self._client else 0.0,
            most_readers=self._workers,
            expect=limits.expect,
            processor=CpuLoad(),
            is_backed_up=self._concurrent_source.is_backed_up,
        )
        try:
            self._account = open_account(self._client, self._settings)
        except AccountRefused as error:
            raise errors.refused_account(error.account_id, error.refused) from error
        except ConfigError as error:
            raise errors.config_problem(error) from error
        except StripeError as error:
            raise errors.refused_at_start(error) from error

    def _redactions(self) -> dict[str, Redaction]:
        """What the config wants done with personal data, for the streams that have any."""
        if self._settings is None or self._settings.privacy.is_idle:
            return {}
        redaction = Redaction(self._settings.privacy)
        return {
            name: redaction
            for name, plan in self.plans.items()
            if redaction.touches(resources.schema(name), plan.object)
        }

    def _stream(
        self,
        plan: StreamPlan,
        begin: Callable[[], Iterator[Task | Placeholder]],
        progress: AnyProgress | None = None,
    ) -> DefaultStream:
        cursor = ProgressCursor(plan.name)
        cursor.progress = progress
        return DefaultStream(
            partition_generator=TaskPartitions(begin, self._page_format),
            name=plan.name,
            json_schema=partial(resources.schema, plan.name),
            primary_key=list(plan.primary_key),
            cursor_field=CursorField(plan.cursor_field) if plan.is_incremental else None,
            logger=self.logger,
            cursor=cursor,
        )

    def _synced_stream(self, plan: StreamPlan, account: Account) -> SyncedStream:
        """One of the sync's streams: where it stands, and how it will be read."""
        assert self._settings is not None
        assert self._client is not None
        blob = self._connector_state_manager.get_stream_state(plan.name, None)
        position, remark = read_position(blob)
        mode = choose_read_mode(
            plan,
            position,
            began=account.now,
            start=self._settings.start,
            lookback_days=self._settings.lookback_days,
            from_scratch=self._is_full_refresh(plan.name),
        )
        reasons = [remark, mode.reason if isinstance(mode, FullRead) else None]
        if any(reasons):
            self.logger.info(f"Stream {plan.name}: {'; '.join(filter(None, reasons))}.")
        reader = self._reader(plan, account)
        return SyncedStream(reader, Progress(plan, mode, position), resources.schema(plan.name))

    def _reader(self, plan: StreamPlan, account: Account) -> StreamReader:
        """What the tasks of a stream share."""
        assert self._client is not None
        reader = StreamReader(
            plan,
            self._client,
            began=account.now,
            account_created=account.created,
            plans=self.plans,
            slots=self._slots,
        )
        self._readers[plan.name] = reader
        return reader

    def _ledger_sync(self, plan: StreamPlan, account: Account) -> LedgerSync:
        """The derived stream: where it stands, and how it will be read."""
        assert self._settings is not None
        blob = self._connector_state_manager.get_stream_state(plan.name, None)
        position, remark = None, None
        if not self._is_full_refresh(plan.name):
            try:
                position = read_ledger_position(blob)
            except ValueError:
                remark = "its state cannot be understood, so everything is read again"
        sync = choose_sync(self._reader(plan, account), self._settings.mrr, position, remark)
        if sync.remark:
            self.logger.info(f"Stream {plan.name}: {sync.remark}.")
        return sync

    def _is_full_refresh(self, name: str) -> bool:
        return any(
            chosen.stream.name == name and chosen.sync_mode == SyncMode.full_refresh
            for chosen in (self._catalog.streams if self._catalog else ())
        )

    def _on_failure(self, name: str, error: Exception) -> AirbyteTracedException:
        """Stops the stream's other tasks, if they are in vain, and explains what happened."""
        if not (isinstance(error, EventsForgotten) and error.goes_on):
            self._readers[name].failed.set()
        return errors.explain(self.plans[name], error)


def _workers(settings: Settings | None) -> int:
    if settings is None:
        return 1
    return settings.workers or _WORKERS.get(settings.key_mode, _WORKERS["live"])


def _nothing() -> Iterator[Task | Placeholder]:
    return iter(())


def _begun(name: str, assignment: Assignment) -> Iterator[Task | Placeholder]:
    for leader in sorted(assignment.leaders):
        yield Placeholder(name, leader)
    yield from assignment.tasks
