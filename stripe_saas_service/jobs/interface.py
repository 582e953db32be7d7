"""What the rest of the service asks of the jobs."""

from __future__ import annotations

from typing import Protocol

from stripe_saas_service.store.tables import Job


class Jobs(Protocol):
    """The jobs of one process; at most one sync of a connection runs, and one waits."""

    def start(self) -> None:
        """Begins to work; what was under way when a process ended goes on."""

    def stop(self) -> None:
        """Ends in order; what is not done goes on at the next start."""

    def request_sync(self, connection_id: str, *, is_full: bool, requested_by: str) -> Job:
        """Asks for a sync.

        Args:
            connection_id: of a connection that is connected.
            is_full: whether everything is read again.
            requested_by: the id of a person or token, `schedule` or `start`.

        Returns:
            The job; the one that waits already, if there is one that does as much.
        """
        ...

    def wake(self, connection_id: str) -> None:
        """Says that a delivery waits, so that the objects it names are read soon."""
