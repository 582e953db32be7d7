"""Settings that name several accounts -> one read of all of them, some accounts at a time.

Each account is read by a `Sync` of its own, as if it were alone; what the syncs say is put
together: a stream begins once and ends once, its state holds the states of all accounts, and the
reasons of all accounts that lack something stand in one error a stream.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    AirbyteStreamStatus,
    ConfiguredAirbyteCatalog,
    FailureType,
    StreamDescriptor,
    Type,
)
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message as status_message
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.refusal import KeyRefused, StripeError, Unreachable
from source_stripe_saas.api.transport import Transport
from source_stripe_saas.api.trust import remarks
from source_stripe_saas.config.settings import ConfigError, Settings
from source_stripe_saas.connection import errors
from source_stripe_saas.connection.account import access_of
from source_stripe_saas.connection.accounts import FoundAccounts, find_accounts
from source_stripe_saas.engine.read_again import lacks_accounts_message, read_again_message
from source_stripe_saas.engine.shutdown import Stopped
from source_stripe_saas.engine.side_by_side import Ended, Said, side_by_side
from source_stripe_saas.streams.account_states import (
    is_unfinished,
    read_account_states,
)
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.position import Backfill, Position
from source_stripe_saas.sync import OneOfMany, Sync

_STATES_OF_A_STREAM = 10
"""A state holds all accounts, so it is printed when another tenth of them has been read."""
_SECONDS_BETWEEN_STATES_PER_ACCOUNT = 0.1
"""While one account is read for long, its states are printed, too; the longer a state, the rarer.
"""
_ACCOUNTS_AT_A_TIME = 6
"""The replies of a small account depend on each other: twenty of them take five seconds, in which
Stripe would answer five times as many requests as the account needs."""
_ENDED_UNTIL_COLLECTION = 10
"""A read is full of cycles, which the process by itself collects rarely."""
_SECONDS_BETWEEN_STOPS = 0.05
_OF_SOME_STREAMS = "Concurrent read failure"
"""The CDK's words for an error of streams that have reported their own."""
_NOT_REACHED = "the sync ended before it"


class AccountsSync:
    """One read of a catalog's streams in several accounts."""

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
    ) -> None:
        """Asks Stripe which accounts there are; takes what `Sync` takes.

        Raises:
            AirbyteTracedException: the key is refused, Stripe cannot be reached, or the accounts
                cannot be found.
        """
        assert settings.accounts is not None, "one account is read by `Sync`"
        self._settings, self._catalog, self._plans = settings, catalog, plans
        self._logger, self._unknown, self._as_lines = logger, unknown, as_lines
        self._began = time.monotonic()
        access = access_of(settings)
        for remark in remarks(access):
            logger.info(remark)
        self._client = StripeClient(access)
        self._spare: list[Transport] = []
        self._found = self._find()
        self._names = [chosen.stream.name for chosen in catalog.streams]
        manager = ConnectorStateManager(states)
        self._states = {
            name: read_account_states(manager.get_stream_state(name, None)) for name in self._names
        }
        self._reasons: dict[str, dict[str, str]] = {name: {} for name in self._names}
        """Stream -> account -> why it was not read to its end."""
        self._is_running: set[str] = set()
        self._printed = dict.fromkeys(self._names, self._began)
        """Stream -> when its state was last printed."""
        self._failure = FailureType.config_error
        self._syncs: dict[str, Sync] = {}
        """Of the accounts that are being read."""
        workers = settings.workers or _ACCOUNTS_AT_A_TIME
        self._at_a_time = min(_ACCOUNTS_AT_A_TIME, workers)
        self._stopping: int | None = None
        self._is_hopeless = False
        """The key is refused, or Stripe cannot be reached."""
        self._requests = self._records = 0

    def messages(self) -> Iterator[AirbyteMessage]:
        """All messages of the read, in the order in which they are to be written.

        Raises:
            AirbyteTracedException: some streams were not read to their end in some account.
            Stopped: `stop` was called.
        """
        try:
            yield from self._beginning()
            ended = since_states = 0
            for item in side_by_side(self._turns(), self._read, self._at_a_time):
                if isinstance(item, Said):
                    yield from self._taken(item.name, item.message)
                    continue
                self._ended(item)
                ended += 1
                since_states += 1
                if ended % _ENDED_UNTIL_COLLECTION == 0:
                    gc.collect()
                if since_states * _STATES_OF_A_STREAM >= len(self._found.ids):
                    since_states = 0
                    yield from self._all_states()
            if self._stopping is not None:
                raise Stopped(self._stopping)
            yield from self._end()
        except Stopped:
            yield from self._all_states()
            for chosen in self._catalog.streams:
                yield status_message(chosen.stream, AirbyteStreamStatus.INCOMPLETE)
            raise
        finally:
            self._logger.info(self._summary())
        if any(self._reasons.values()):
            raise AirbyteTracedException(
                message="Some accounts were not read to their end.",
                internal_message=_OF_SOME_STREAMS,  # each stream has reported its own
                failure_type=self._failure,
            )

    def stop(self, number: int) -> bool:
        """Ends the read early, with the states of what has been written; from any thread."""
        self._stopping = number
        for account, sync in list(self._syncs.items()):
            # One that has only just been made does not listen yet.
            while account in self._syncs and not sync.stop(number):
                time.sleep(_SECONDS_BETWEEN_STOPS)
        return True

    # -- the beginning -----------------------------------------------------------------------------

    def _find(self) -> FoundAccounts:
        assert self._settings.accounts is not None
        try:
            found = find_accounts(self._client, self._settings.accounts)
        except ConfigError as error:
            raise errors.config_problem(error) from error
        except StripeError as error:
            raise errors.refused_at_start(error) from error
        self._logger.info(f"{len(found.ids)} accounts are read.")
        return found

    def _beginning(self) -> Iterator[AirbyteMessage]:
        for chosen in self._catalog.streams:
            yield status_message(chosen.stream, AirbyteStreamStatus.STARTED)
        useless = [name for name, state in self._states.items() if state.is_of_one_account]
        if useless:
            self._logger.info(
                f"The states of {len(useless)} streams are of one account without its name, so "
                "everything is read again."
            )
        for name in useless:
            yield read_again_message(name)
        gone = {
            account: None
            for state in self._states.values()
            for account in state.newly_gone(self._found.ids)
        }
        if gone:
            self._logger.warning(
                f"No longer among the accounts: {', '.join(gone)}. Their rows and states stay."
            )
        yield from self._opening_states()

    def _opening_states(self) -> Iterator[AirbyteMessage]:
        """Notes when the first read of new accounts begins, ahead of all their records.

        A read that is killed would else begin anew at a later moment, and not learn of what was
        deleted in between. All of them in one state, since a state holds all accounts.
        """
        now = self._found.now
        for name in self._names:
            plan, state = self._plans[name], self._states[name]
            if not plan.is_incremental or plan.derived or self._settings.start > now:
                continue
            new = [account for account in self._found.ids if account not in state.parts]
            for account in new:
                state.parts[account] = Position(backfill=Backfill(now)).blob()
            if new:
                yield self._state(name)

    def _in_order(self) -> list[str]:
        """The accounts, those first whose first read has not ended: each gets its turn."""
        behind = {
            account
            for account in self._found.ids
            if any(
                is_unfinished(state.parts.get(account, {"backfill": None}))
                for name, state in self._states.items()
                if self._plans[name].is_incremental
            )
        }
        return sorted(self._found.ids, key=lambda account: account not in behind)

    # -- one account -------------------------------------------------------------------------------

    def _turns(self) -> Iterator[str]:
        """The accounts, as long as there is any hope of reading another one."""
        for account in self._in_order():
            if self._stopping is not None or self._is_hopeless:
                self._lacks(account, self._names, _NOT_REACHED)
            else:
                yield account

    def _read(self, account: str) -> Iterator[AirbyteMessage]:
        """Reads one account; in a thread of its own."""
        sync = self._syncs[account] = self._sync(account)
        yield from sync.messages()

    def _ended(self, item: Ended) -> None:
        """Notes how the read of an account ended."""
        account, error = item.name, item.error
        sync = self._syncs.pop(account, None)
        if sync is not None:
            self._requests += sync.requests_sent
            self._records += sync.records_written
        if error is None or isinstance(error, Stopped):
            return
        if not isinstance(error, AirbyteTracedException):
            raise error
        if error.internal_message != _OF_SOME_STREAMS:
            self._lacks(account, self._names, str(error.message), error.failure_type)
            self._logger.error(f"Account {account}: {error.message}")
        if sync is None and isinstance(error.__cause__, KeyRefused | Unreachable):
            self._is_hopeless = True

    def _sync(self, account: str) -> Sync:
        logger = self._logger.getChild(account)
        if not logger.filters:
            logger.addFilter(_OfOneAccount(account))
        return Sync(
            replace(self._settings, account_id=account, accounts=None, workers=self._workers()),
            self._catalog,
            [
                _state_message(name, state.parts[account])
                for name, state in self._states.items()
                if account in state.parts
            ],
            self._plans,
            logger,
            as_lines=self._as_lines,
            one_of=OneOfMany(account, self._found.own, self._client.limits, self._spare),
        )

    def _workers(self) -> int | None:
        """The config's cap on requests at a time, shared by the accounts of the time."""
        cap = self._settings.workers
        return None if cap is None else max(1, cap // self._at_a_time)

    def _taken(self, account: str, message: AirbyteMessage) -> Iterator[AirbyteMessage]:
        """What of an account's message is to be written now; the rest is kept for the end."""
        if message.type == Type.RECORD:
            yield message
        elif message.state is not None and message.state.stream is not None:
            name = message.state.stream.stream_descriptor.name
            if self._plans[name].is_incremental:
                blob = message.state.stream.stream_state
                self._states[name].parts[account] = dict(vars(blob)) if blob else {}
                yield from self._due_state(name)
        elif message.trace is not None and message.trace.error is not None:
            error = message.trace.error
            name = error.stream_descriptor.name if error.stream_descriptor else ""
            self._lacks(account, [name] if name else self._names, error.message, error.failure_type)
        elif message.trace is not None and message.trace.analytics is not None:
            # The only kind that a sync of one account writes.
            yield read_again_message(str(message.trace.analytics.value), account)
        elif message.trace is not None and message.trace.stream_status is not None:
            status = message.trace.stream_status
            name = status.stream_descriptor.name
            if status.status == AirbyteStreamStatus.RUNNING and name not in self._is_running:
                self._is_running.add(name)
                yield message
            elif status.status == AirbyteStreamStatus.INCOMPLETE:
                self._reasons[name].setdefault(account, _NOT_REACHED)

    def _lacks(
        self, account: str, names: Sequence[str], reason: str, failure_type: Any = None
    ) -> None:
        for name in names:
            self._reasons[name].setdefault(account, reason)
        if isinstance(failure_type, FailureType):
            self._failure = failure_type

    # -- states and the end ------------------------------------------------------------------------

    def _due_state(self, name: str) -> Iterator[AirbyteMessage]:
        pause = max(1.0, _SECONDS_BETWEEN_STATES_PER_ACCOUNT * len(self._states[name].parts))
        if time.monotonic() - self._printed[name] >= pause:
            yield self._state(name)

    def _all_states(self) -> Iterator[AirbyteMessage]:
        for name in self._names:
            if self._plans[name].is_incremental:
                yield self._state(name)

    def _state(self, name: str) -> AirbyteMessage:
        self._printed[name] = time.monotonic()
        blob = self._states[name].blob()
        if not self._plans[name].is_incremental:
            blob = {"__ab_no_cursor_state_message": True}
        return AirbyteMessage(type=Type.STATE, state=_state_message(name, blob))

    def _end(self) -> Iterator[AirbyteMessage]:
        """Each stream's last state, why it is incomplete if it is, and how it ended."""
        for chosen in self._catalog.streams:
            name = chosen.stream.name
            status = AirbyteStreamStatus.COMPLETE
            known = self._reasons[name]
            reasons = {account: known[account] for account in self._found.ids if account in known}
            if reasons:
                status = AirbyteStreamStatus.INCOMPLETE
                error = errors.accounts_not_read(name, reasons, len(self._found.ids), self._failure)
                yield error.as_sanitized_airbyte_message(
                    stream_descriptor=StreamDescriptor(name=name)
                )
                yield lacks_accounts_message(name, reasons)
            yield self._state(name)
            yield status_message(chosen.stream, status)

    def _summary(self) -> str:
        """The last line of a sync's log: how it ended, and what it cost."""
        lacking = {account: None for reasons in self._reasons.values() for account in reasons}
        total = len(self._found.ids)
        ended = f"All {len(self._names)} streams of {total} accounts are complete"
        if lacking:
            shown = ", ".join(lacking)
            ended = f"{len(lacking)} of {total} accounts are incomplete: {shown}"
        if self._unknown:
            ended += f", and {len(self._unknown)} streams do not exist"
        requests = self._requests + sum(self._client.requests_sent.values())
        return (
            f"{ended}. {self._records} records in {time.monotonic() - self._began:.1f} s, "
            f"{requests} requests."
        )


class _OfOneAccount(logging.Filter):
    """Names the account in what its sync logs, and leaves out what the CDK says of each stream."""

    def __init__(self, account: str) -> None:
        super().__init__()
        self._account = account

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING and "airbyte_cdk" in record.pathname:
            return False
        record.msg = f"Account {self._account}: {record.getMessage()}"
        record.args = ()
        return True


def _state_message(name: str, blob: Mapping[str, Any]) -> AirbyteStateMessage:
    return AirbyteStateMessage(
        type=AirbyteStateType.STREAM,
        stream=AirbyteStreamState(
            stream_descriptor=StreamDescriptor(name=name), stream_state=AirbyteStateBlob(blob)
        ),
    )
