"""Deliveries into the store: each once, many in one transaction, acknowledged when it counts."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stripe_saas_service.store.columns import now
from stripe_saas_service.store.store import Store
from stripe_saas_service.store.tables import Connection, Delivery, RefusedDeliveries

_MOST_AT_ONCE = 200
"""Rows of one transaction; SQLite binds 32,766 values in one statement."""


@dataclass
class _Waiting:
    values: dict[str, Any]
    done: Future[bool] = field(default_factory=Future)


class DeliveryWriter:
    """Writes deliveries; those that come while a transaction is under way share the next one.

    A transaction waits for the disk, and with one for each delivery the last of 200 a second would
    wait for all others.
    """

    def __init__(self, store: Store) -> None:
        """Has no thread before the first delivery."""
        self._store = store
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def put(self, values: dict[str, Any]) -> Future[bool]:
        """Queues a delivery.

        Args:
            values: of the columns of `Delivery`.

        Returns:
            Done when it is in the store for good: True if it was not there before. Fails with
            IntegrityError if its connection is gone.
        """
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deliveries", daemon=True)
                self._thread.start()
        waiting = _Waiting(values)
        self._queue.put(waiting)
        return waiting.done

    def stop(self) -> None:
        """Ends after what is queued has been written."""
        with self._starting:
            if self._thread is not None:
                self._queue.put(None)
                self._thread.join()
                self._thread = None

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, ends = [first], False
            while len(batch) < _MOST_AT_ONCE and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    ends = True
                    break
                batch.append(following)
            self._write(batch)
            if ends:
                return

    def _write(self, batch: Sequence[_Waiting]) -> None:
        try:
            with self._store.writing() as session:
                new = _inserted(session, [each.values for each in batch])
        except IntegrityError as error:
            if len(batch) == 1:
                batch[0].done.set_exception(error)
                return
            # One of them belongs to a connection that is gone; the others are not lost for it.
            for each in batch:
                self._write([each])
        except Exception as error:
            for each in batch:
                each.done.set_exception(error)
        else:
            for each in batch:
                key = (each.values["connection_id"], each.values["event_id"])
                each.done.set_result(key in new)
                new.discard(key)


def _inserted(session: Session, deliveries: Sequence[dict[str, Any]]) -> set[tuple[str, str]]:
    """Inserts those that are not there; the (connection, event id) of these."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = (
        dialect.insert(Delivery)
        .values([{"received_at": now(), **each} for each in deliveries])
        .on_conflict_do_nothing(index_elements=["connection_id", "event_id"])
        .returning(Delivery.connection_id, Delivery.event_id)
    )
    return {(connection_id, event_id) for connection_id, event_id in session.execute(statement)}


def count_refused(store: Store, connection_id: str, reason: str) -> None:
    """Counts a refused delivery, by day and reason.

    Where two processes count the first one of a day at once, one of them fails and is not counted.
    """
    moment = now()
    key = {
        "connection_id": connection_id,
        "day": f"{moment:%Y-%m-%d}",
        "reason": reason,
    }
    table = RefusedDeliveries
    with store.writing() as session:
        counted = session.execute(
            update(table)
            .where(*(getattr(table, name) == value for name, value in key.items()))
            .values(count=table.count + 1, last_at=moment)
            .returning(table.count)
        ).first()
        there = select(Connection.id).where(Connection.id == connection_id)
        if counted is None and session.scalar(there):
            session.execute(insert(table).values(**key, count=1, last_at=moment))
