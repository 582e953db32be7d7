"""A stream of bytes -> one reply to a GET, as HTTP/1.1 frames it (RFC 9112).

The standard library takes the parser that it has for letters to read a reply's headers, which
costs as much as finding a hundred objects in its body. An API needs no more of HTTP than this.
"""

from __future__ import annotations

import http.client
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from requests.structures import CaseInsensitiveDict

ENCODINGS = "gzip, deflate"
"""What `Reply.decoded` can undo, for the header `Accept-Encoding`."""

_LONGEST_LINE_BYTES = 65_536
_MOST_LINES = 200
"""Of headers; a server that sends more of them is out of its mind, or means harm."""

_MOST_BYTES_AT_ONCE = 1 << 24
"""A length is only a promise: memory for more is taken as it comes true."""

_WITHOUT_BODY = frozenset((204, 304))

# zlib's window bits: with a header of either kind, told apart by itself; and without any.
_GZIP_OR_ZLIB, _BARE = 47, -15


class Malformed(http.client.HTTPException):
    """The bytes are no HTTP, or not such as a reply to a GET may be."""


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    headers: CaseInsensitiveDict[str]
    body: bytes
    """As it was sent."""
    is_last: bool
    """True if nothing more will come by this connection."""

    def decoded(self) -> bytes:
        """The body without its compression.

        Raises:
            Malformed: it is not what `Content-Encoding` says, or cannot be undone.
        """
        encoding = self.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding in ("identity", "") or not self.body:
            return self.body
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise Malformed(f"content encoding {encoding!r}")
        try:
            return _inflated(self.body, _GZIP_OR_ZLIB)
        except zlib.error as error:
            if encoding != "deflate":
                raise Malformed(str(error)) from error
        try:
            return _inflated(self.body, _BARE)  # what some servers take "deflate" to mean
        except zlib.error as error:
            raise Malformed(str(error)) from error


def request_of(target: str, headers: Mapping[str, str]) -> bytes:
    """A GET, ready to be sent.

    Args:
        target: path and query, or the whole URL for a proxy that wants it.
        headers: all of them, `Host` too.

    Raises:
        ValueError: something in it would end its line early.
    """
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    text = "\r\n".join(lines)
    if len(text.splitlines()) != len(lines) or " " in target:
        raise ValueError("a request must not hold control characters")
    return f"{text}\r\n\r\n".encode("latin-1")


def read_reply(stream: BinaryIO) -> Reply:
    """The next reply.

    Args:
        stream: buffered, standing where the reply begins.

    Raises:
        http.client.HTTPException: the stream ended early (`RemoteDisconnected`, which is a
            `ConnectionError`, if nothing came at all; `IncompleteRead`), or holds no reply.
        OSError: it broke.
    """
    status = 100
    while status < 200:  # "100 Continue" and its like come ahead of the reply itself
        version, status = _status(stream)
        headers = _headers(stream)
    is_last = _says(headers, "Connection", "close") or (
        version == b"HTTP/1.0" and not _says(headers, "Connection", "keep-alive")
    )
    if status in _WITHOUT_BODY:
        return Reply(status, headers, b"", is_last)
    if "Transfer-Encoding" in headers:  # a length beside it does not count
        return Reply(status, headers, _chunked(stream, headers["Transfer-Encoding"]), is_last)
    length = headers.get("Content-Length")
    if length is None:
        return Reply(status, headers, stream.read(), True)
    if not (length.isascii() and length.isdigit()):
        raise Malformed(f"Content-Length {length!r}")
    return Reply(status, headers, _exactly(stream, int(length)), is_last)


def _status(stream: BinaryIO) -> tuple[bytes, int]:
    line = _line(stream)
    if not line:
        raise http.client.RemoteDisconnected("the connection was closed without a reply")
    version, _, rest = line.partition(b" ")
    code = rest[:3]
    if version not in (b"HTTP/1.1", b"HTTP/1.0") or not code.isdigit() or len(code) < 3:
        raise Malformed(f"status line {line[:80]!r}")
    return version, int(code)


def _headers(stream: BinaryIO) -> CaseInsensitiveDict[str]:
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    for _ in range(_MOST_LINES):
        line = _line(stream)
        if line in (b"\r\n", b"\n"):
            return headers
        if not line:
            raise http.client.IncompleteRead(b"")
        name, _, value = line.decode("latin-1").partition(":")
        value = value.strip()
        known = headers.get(name)
        headers[name] = value if known is None else f"{known}, {value}"
    raise Malformed("too many headers")


def _says(headers: Mapping[str, str], name: str, word: str) -> bool:
    value = headers.get(name)
    return value is not None and word in value.lower()


def _chunked(stream: BinaryIO, encoding: str) -> bytes:
    """A body of pieces, each with its length ahead of it."""
    if encoding.strip().lower() != "chunked":
        raise Malformed(f"transfer encoding {encoding!r}")
    pieces: list[bytes] = []
    while True:
        size = _line(stream).partition(b";")[0].strip()
        if not size or not all(digit in b"0123456789abcdefABCDEF" for digit in size):
            raise Malformed(f"size of a chunk {size[:20]!r}")
        length = int(size, 16)
        if length == 0:
            _headers(stream)  # which may follow the last chunk, and end with an empty line anyway
            return b"".join(pieces)
        pieces.append(_exactly(stream, length))
        if _line(stream) not in (b"\r\n", b"\n"):
            raise Malformed("a chunk is longer than its size")


def _exactly(stream: BinaryIO, length: int) -> bytes:
    if length <= _MOST_BYTES_AT_ONCE:
        content = stream.read(length)
    else:
        pieces, missing = [], length
        while missing and (piece := stream.read(min(missing, _MOST_BYTES_AT_ONCE))):
            pieces.append(piece)
            missing -= len(piece)
        content = b"".join(pieces)
    if len(content) < length:
        raise http.client.IncompleteRead(content, length - len(content))
    return content


def _line(stream: BinaryIO) -> bytes:
    """Up to the end of a line, empty at the end of the stream."""
    line = stream.readline(_LONGEST_LINE_BYTES + 1)
    if len(line) > _LONGEST_LINE_BYTES:
        raise Malformed("a line is too long")
    return line


def _inflated(body: bytes, window_bits: int) -> bytes:
    """All members of a compressed body.

    Raises:
        zlib.error: it is none, or ends early.
    """
    parts: list[bytes] = []
    while body:
        inflater = zlib.decompressobj(window_bits)
        try:
            parts.append(inflater.decompress(body))
        except zlib.error:
            if parts:
                break  # some servers pad what they send
            raise
        if not inflater.eof:
            raise zlib.error("the body ends early")
        body = inflater.unused_data
    return b"".join(parts)
