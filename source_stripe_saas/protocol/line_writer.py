"""Messages of any thread -> standard output, as whole lines.

A page is larger than a pipe, so writing one can take as long as its reader likes. What another
thread wrote meanwhile would land in the middle of a record wherever Python does not buffer standard
output (PYTHONUNBUFFERED, as in many images); a signal would even drop the rest of the page there.
"""

from __future__ import annotations

import errno
import threading
from collections import deque
from typing import Protocol, TextIO


class OutputBroken(Exception):
    """Standard output takes no more: nothing else must be written, not even why.

    What came after half a line would make it a broken one.
    """

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


class _Bytes(Protocol):
    def write(self, content: memoryview, /) -> int | None: ...

    def flush(self) -> object: ...


class LineWriter:
    """The only writer of an output; safe in any thread, in a finalizer and in a signal handler."""

    def __init__(self, out: TextIO) -> None:
        """Writes to what is beneath `out`, so nobody else may write to `out` from now on."""
        self._out: _Bytes = getattr(out, "buffer", None) or _Encoded(out)
        self._lock = threading.Lock()
        self._waiting: deque[bytes] = deque()
        """Lines of the log that wait for the lock; only its holder takes them out."""
        self._error: OSError | None = None
        self._is_closed = False

    def write(self, lines: bytes) -> None:
        """Writes whole lines and flushes; returns when the reader has made room for them.

        Args:
            lines: one message or many, each with its line feed.

        Raises:
            OutputBroken: they cannot be written, or something before them could not.
        """
        with self._lock:
            self._put(lines)
        self._write_waiting()

    def write_soon(self, line: bytes) -> None:
        """Writes a line, now or as soon as the thread that is writing is done.

        Never waits for another thread, so a log line cannot stop whoever holds a lock. If the
        output is broken the line is dropped: the next `write` says so.
        """
        self._waiting.append(line)
        self._write_waiting()

    def close(self) -> None:
        """Writes what waits; drops what comes later, so that the process can end between lines.

        Raises:
            OutputBroken: a line could not be written.
        """
        with self._lock:
            self._is_closed = True
            self._put(b"")

    def _write_waiting(self) -> None:
        # Looks again after each release: in between, another thread may have left a line behind.
        while self._waiting and self._lock.acquire(blocking=False):
            try:
                if self._error is not None or self._is_closed:
                    self._waiting.clear()
                else:
                    self._put(b"")
            except OutputBroken:
                pass  # for the next `write` to say
            finally:
                self._lock.release()

    def _put(self, lines: bytes) -> None:
        """Writes the log's lines, then these; the lock is held."""
        if self._error is not None:
            raise OutputBroken(self._error)
        try:
            while self._waiting:
                self._put_all(self._waiting.popleft())
            self._put_all(lines)
            self._out.flush()
        except OSError as error:
            self._error = error
            raise OutputBroken(error) from error
        except BaseException:
            # An interrupt in the middle of a line.
            self._error = OSError(errno.EINTR, "Interrupted")
            raise

    def _put_all(self, lines: bytes) -> None:
        rest = memoryview(lines)
        while rest:
            taken = self._out.write(rest)  # a part, if a signal came and nothing buffers
            if taken is None:
                raise BlockingIOError(errno.EAGAIN, "It does not wait for its reader")
            rest = rest[taken:]


class _Encoded:
    """A text stream that is given bytes."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, content: memoryview) -> int:
        self._out.write(str(content, "utf-8"))
        return len(content)

    def flush(self) -> None:
        self._out.flush()
