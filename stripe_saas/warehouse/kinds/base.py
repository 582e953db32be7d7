"""What every kind of warehouse can be asked for; everything else is SQL that all of them share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, Protocol

from stripe_saas.warehouse.batch import Batch
from stripe_saas.warehouse.columns import ColumnKind
from stripe_saas.warehouse.stream_table import StreamTable
from stripe_saas.warehouse.target import Target


class WarehouseError(Exception):
    """The warehouse cannot be used; the text says why, without a password."""


Orderly = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""Takes what interrupts a part -> a context that a signal ends by calling it."""


class Session(Protocol):
    """A connection; its methods raise a `WarehouseError` for a statement that is refused."""

    connection: Any
    """The driver's."""

    def execute(self, sql: str, *parameters: Any) -> None:
        """Runs one statement; parameters are written as `?`."""
        ...

    def rows(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query, each column by its name."""
        ...


class WriterLock(Protocol):
    """The right to write into a warehouse, which one process at a time has."""

    def check(self, session: Session) -> None:
        """Makes sure, as the last thing before a commit, that it is still held.

        Raises:
            WarehouseError: it is not.
        """
        ...


class Kind(ABC):
    """A kind of warehouse."""

    types: ClassVar[Mapping[ColumnKind, str]]
    """The types of columns that are made."""

    @property
    @abstractmethod
    def errors(self) -> type[Exception]:
        """What its driver raises."""

    @abstractmethod
    def connect(self, target: Target, *, read_only: bool) -> Any:
        """A connection of its driver's; every statement counts at once.

        Raises:
            WarehouseError: there is no such warehouse, or another process holds it.
        """

    @abstractmethod
    def cursor(self, connection: Any) -> AbstractContextManager[Any]:
        """A cursor of the connection, in the connection's own transaction."""

    @abstractmethod
    def prepare(self, session: Session, folder: Path) -> None:
        """Sets what a connection needs that writes much.

        Args:
            session: the connection.
            folder: for files on their way.
        """

    @abstractmethod
    def statement(self, sql: str) -> str:
        """A statement with parameters as the driver wants it."""

    @abstractmethod
    def interrupt(self, connection: Any) -> None:
        """Ends what a connection is doing, from another thread."""

    @abstractmethod
    def writer_lock(self, target: Target) -> AbstractContextManager[WriterLock]:
        """Lets no other process write by this package for as long as the context lasts.

        Raises:
            WarehouseError: another process does already, or the warehouse cannot be reached.
        """

    @abstractmethod
    def can_hold(self, session: Session) -> Callable[[str], bool] | None:
        """Says whether the warehouse's encoding has all characters of a text; None if it has all.

        Raises:
            WarehouseError: the encoding is not known here.
        """

    @abstractmethod
    def make_findable(self, session: Session, table: StreamTable) -> None:
        """Makes what `merge` needs in order to find rows by their key."""

    @abstractmethod
    def merge(self, session: Session, table: StreamTable, batch: Batch, generation: int) -> None:
        """Writes a batch into a table, within a transaction.

        A row replaces one of the same key, unless that belongs to the same generation and holds
        from a later second on.

        Args:
            session: the connection.
            table: what is filled.
            batch: flushed.
            generation: of the rows.
        """

    def few_rows(self, relation: str, condition: str) -> str:
        """SQL for some rows of many.

        Args:
            relation: a table.
            condition: of the rows.
        """
        return f"select * from {relation} where {condition}"

    def tidy(self, target: Target, orderly: Orderly) -> None:  # noqa: B027, most need nothing
        """Gives back room that is not used any more, once a sync has been written.

        Args:
            target: the warehouse, to which no connection of this process is open.
            orderly: for a part that a signal may interrupt.
        """


def first_line(error: Exception) -> str:
    """The first line of what a driver said."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def refusal(target: Target) -> WarehouseError:
    """What the second of two writers is told."""
    return WarehouseError(
        f"{target} is being written by another stripe-saas sync or models: try again when it has "
        "ended."
    )


LOST_LOCK = "the right to write was lost meanwhile, and another process may have it"
