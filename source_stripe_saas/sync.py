"""Settings, a catalog and states -> one read: what its streams begin with, and how it ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
    SyncMode,
)
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.limits import RateLimits
from source_stripe_saas.api.refusal import EventsForgotten, StripeError
from source_stripe_saas.api.transport import Transport
from source_stripe_saas.api.trust import remarks
from source_stripe_saas.config import resources
from source_stripe_saas.config.settings import ConfigError, Settings
from source_stripe_saas.connection import errors
from source_stripe_saas.connection.account import Account, AccountRefused, access_of, open_account
from source_stripe_saas.connection.oauth import tokens_of
from source_stripe_saas.connection.skipped import explain_skipped
from source_stripe_saas.engine.core import PageSource
from source_stripe_saas.engine.cursor import AnyProgress
from source_stripe_saas.engine.page import PageFormat, redactions_of
from source_stripe_saas.engine.page_stream import page_stream
from source_stripe_saas.engine.partition import Placeholder
from source_stripe_saas.engine.read_again import read_again_message
from source_stripe_saas.ledger.progress import read_ledger_position
from source_stripe_saas.ledger.sync import LedgerSync
from source_stripe_saas.ledger.sync_choice import choose_sync
from source_stripe_saas.streams.assignment import Assignment, SyncedStream, assign
from source_stripe_saas.streams.carrier_progress import CarrierProgress
from source_stripe_saas.streams.checkpoint import CLOCKS, REREAD, task_name
from source_stripe_saas.streams.clocks import TestClocks
from source_stripe_saas.streams.cpu_load import CpuLoad
from source_stripe_saas.streams.plan import StreamPlan, asking_for
from source_stripe_saas.streams.position import Position, read_position
from source_stripe_saas.streams.progress import Progress
from source_stripe_saas.streams.read_mode import FullRead, ReadMode, choose_read_mode
from source_stripe_saas.streams.reader_slots import ReaderSlots
from source_stripe_saas.streams.skipped import SkipLog
from source_stripe_saas.streams.slow_reread import rereads, span_due
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Task

_WORKERS: Mapping[str, int] = {"live": 64, "test": 16}
"""Threads by the key's mode when the config leaves it to us.

Stripe lets 100 requests a second through to live data, 25 to test data; at half a second each that
keeps 50 or 13 of them waiting for replies.
"""


@dataclass(frozen=True)
class OneOfMany:
    """An account that is read in one sync with others by the same key."""

    id: str
    own: Account | None
    """The key's own account; None for an organization's key."""
    limits: RateLimits
    """Of all of them together: what is asked for an account counts for the platform as well."""
    spare: list[Transport]
    """Open connections of the accounts before."""


class Sync:
    """One read of a catalog's streams."""

    def __init__(
        self,
        settings: Settings,
        catalog: ConfiguredAirbyteCatalog,
        states: list[AirbyteStateMessage],
        plans: dict[str, StreamPlan],
        logger: logging.Logger,
        *,
        unknown: Sequence[str] = (),
        as_lines: bool = False,
        one_of: OneOfMany | None = None,
    ) -> None:
        """Asks Stripe who and when, once, before any stream starts.

        Args:
            settings: from the config.
            catalog: its streams all have a plan.
            states: where the streams stand.
            plans: all streams.
            logger: the source's.
            unknown: streams that were chosen, too, and do not exist.
            as_lines: pages become one message each; see `PageFormat`.
            one_of: the account to read, if it is one of several; its records begin with its id.

        Raises:
            AirbyteTracedException: the key or the account is refused, or Stripe cannot be reached.
        """
        self._settings, self._logger = settings, logger
        self._plans = asking_for(
            plans, settings.meter_customers, settings.start, of_several=one_of is not None
        )
        self._unknown = unknown
        self._modes = {each.stream.name: each.sync_mode for each in catalog.streams}
        self._states = ConnectorStateManager(states)
        self._began = time.monotonic()
        self._one_of = one_of
        access = access_of(settings, tokens_of(settings))
        if one_of is None:
            for remark in remarks(access):
                logger.info(remark)
        self._client = StripeClient(
            access,
            limits=one_of.limits if one_of else None,
            spare=one_of.spare if one_of else None,
        )
        workers = settings.workers or _WORKERS.get(settings.key_mode, _WORKERS["live"])
        self._clocks = TestClocks(
            self._client,
            are_included=settings.test_clocks,
            may_exist=settings.key_mode != "live",
        )
        self._core = PageSource(workers, logger, self._on_failure, self._on_skipped)
        self._slots = ReaderSlots(
            per_second=self._client.limits.endpoint_per_second,
            latency_seconds=lambda: self._client.latency_seconds,
            most_readers=workers,
            expect=self._client.limits.expect,
            processor=CpuLoad(),
            is_backed_up=self._core.is_backed_up,
        )
        self._account = self._opened()
        account_id = one_of.id if one_of else None
        self._page_format = PageFormat(as_lines, redactions_of(settings, plans), account_id)
        self._readers: dict[str, StreamReader] = {}
        self._ledger: LedgerSync | None = None
        self._read_again: list[str] = []

    def messages(self) -> Iterator[AirbyteMessage]:
        """All messages of the read, in the order in which they are to be written.

        Raises:
            AirbyteTracedException: some streams were not read to their end.
            Stopped: `stop` was called.
        """
        try:
            streams = self._streams()
            for name in self._read_again:
                yield read_again_message(name)
            if streams:  # without any the core would wait for ever
                yield from self._core.read(streams)
            self._client.hand_on()
        finally:
            if self._ledger is not None:
                self._ledger.close()
            self._logger.info(self._summary())

    def stop(self, number: int) -> bool:
        """Ends the read early; see `PageSource.stop`."""
        return self._core.stop(number)

    @property
    def requests_sent(self) -> int:
        """Requests so far, retries included."""
        return sum(self._client.requests_sent.values())

    @property
    def records_written(self) -> int:
        """Records so far, of all streams."""
        return self._core.records_written.total()

    def _opened(self) -> Account:
        try:
            return open_account(
                self._client, self._settings, self._one_of.own if self._one_of else None
            )
        except AccountRefused as error:
            if self._one_of is not None:
                raise errors.lost_account(error.refused) from error
            raise errors.refused_account(error.account_id, error.refused) from error
        except ConfigError as error:
            raise errors.config_problem(error) from error
        except StripeError as error:
            raise errors.refused_at_start(error) from error

    def _streams(self) -> list[AbstractStream]:
        """The catalog's streams, each with what it begins with."""
        synced: list[SyncedStream] = []
        progress: dict[str, AnyProgress] = {}
        for name in self._modes:
            if self._plans[name].asks_for and not self._plans[name].asked_for:
                self._logger.warning(
                    "%s has no records, as `meter_customers` in the config names nobody.", name
                )
        for name in self._modes:
            if self._plans[name].derived:
                self._ledger = self._ledger_sync(self._plans[name])
                progress[name] = self._ledger.progress
                synced += self._ledger.synced_streams(self._settings.start)
            else:
                whole, *carriers = self._synced_streams(self._plans[name])
                synced += [whole, *carriers]
                assert isinstance(whole.progress, Progress)
                progress[name] = whole.progress
        assignments = assign(synced)
        if self._ledger is not None:
            assignment = assignments.setdefault(self._ledger.reader.plan.name, Assignment())
            assignment.tasks += self._ledger.tasks()
        return [
            page_stream(
                self._plans[name],
                self._logger,
                partial(_begun, name, assignments.get(name, Assignment())),
                progress[name],
                self._page_format,
            )
            for name in self._modes
        ]

    def _synced_streams(self, plan: StreamPlan) -> Iterator[SyncedStream]:
        """One of the streams of objects: where it stands, and how it will be read.

        Behind it come those that carry its records, if it has no list of its own.
        """
        position, remark = read_position(self._states.get_stream_state(plan.name, None))
        mode = choose_read_mode(
            plan,
            position,
            began=self._account.now,
            start=self._settings.start,
            lookback_days=self._settings.lookback_days,
            from_scratch=self._is_full_refresh(plan.name),
        )
        reason = mode.reason if isinstance(mode, FullRead) else None
        said = "; ".join(filter(None, (remark, mode.reason)))
        if reason or (remark and position == Position()):
            self._note_read_again(plan.name, said)
        elif said:
            self._logger.info(f"Stream {plan.name}: {said}.")
        reader, further = self._reader(plan), []
        reread = self._reread(plan, mode, position)
        carriers = [each.carrier for each in plan.carriers] or [""]
        if reread is not None:
            further += [task_name(REREAD, carrier) for carrier in carriers]
        if isinstance(mode, FullRead) and self._clocks.are_included and not plan.single:
            further += [task_name(CLOCKS, carrier) for carrier in carriers]
        progress = Progress(plan, mode, position, tuple(further))
        schema = resources.schema(plan.name)
        yield SyncedStream(reader, progress, schema, reread=None if plan.carriers else reread)
        for each in plan.carriers:
            of_carrier = CarrierProgress(progress, each)
            yield SyncedStream(replace(reader, plan=each), of_carrier, schema, reread=reread)

    def _reread(
        self, plan: StreamPlan, mode: ReadMode, position: Position
    ) -> tuple[Span, int] | None:
        """The part of a stream's past that is read again in this sync, if any is."""
        days = self._settings.reread_days
        if days is None or not rereads(plan, mode):
            return None
        floor = max(self._settings.start, self._account.created)
        return span_due(position, floor, self._account.now, days), floor

    def _ledger_sync(self, plan: StreamPlan) -> LedgerSync:
        """The derived stream: where it stands, and how it will be read."""
        position, reason = None, None
        if not self._is_full_refresh(plan.name):
            try:
                position = read_ledger_position(self._states.get_stream_state(plan.name, None))
            except ValueError:
                reason = "its state cannot be understood"
        ledger = choose_sync(self._reader(plan), self._settings.mrr, position, reason)
        if ledger.reason:
            self._note_read_again(plan.name, ledger.reason)
        return ledger

    def _note_read_again(self, name: str, reason: str) -> None:
        """Notes that a stream's state is of no use: for people now, for the destination later."""
        self._logger.info(f"Stream {name}: {reason}, so everything is read again.")
        self._read_again.append(name)

    def _is_full_refresh(self, name: str) -> bool:
        return bool(self._modes[name] == SyncMode.full_refresh)

    def _reader(self, plan: StreamPlan) -> StreamReader:
        """What the tasks of a stream share."""
        reader = StreamReader(
            plan,
            self._client,
            began=self._account.now,
            account_created=self._account.created,
            plans=self._plans,
            slots=self._slots,
            test_clocks=self._clocks,
        )
        self._readers[plan.name] = reader
        return reader

    def _on_failure(self, name: str, error: Exception) -> AirbyteTracedException:
        """Stops the stream's other tasks, if they are in vain, and explains what happened."""
        if not (isinstance(error, EventsForgotten) and error.goes_on):
            self._readers[name].failed.set()
        return errors.explain(self._plans[name], error)

    def _on_skipped(self, name: str, log: SkipLog) -> AirbyteTracedException:
        return explain_skipped(self._plans[name], log)

    def _summary(self) -> str:
        """The last line of a sync's log: how it ended, and what it cost."""
        chosen = [*self._modes, *self._unknown]
        lacking = [name for name in chosen if name not in self._core.complete]
        ended = f"All {len(chosen)} streams are complete"
        if lacking:
            count = f"{len(lacking)} of {len(chosen)}"
            ended = f"{count} streams are incomplete: {', '.join(lacking)}"
        return (
            f"{ended}. {self.records_written} records in "
            f"{time.monotonic() - self._began:.1f} s, "
            f"{self.requests_sent} requests, "
            f"{self._client.bytes_received} bytes received, "
            f"{self._client.limits.waited_seconds:.1f} s of waiting for the rate limit, "
            "added up over all threads." + (f" {self._ledger.summary()}" if self._ledger else "")
        )


def _begun(name: str, assignment: Assignment) -> Iterator[Task | Placeholder]:
    for leader in sorted(assignment.leaders):
        yield Placeholder(name, leader)
    yield from assignment.tasks
