"""A stream of bytes -> one reply to a GET, as HTTP/1.1 frames it (RFC 9112).

The standard library reads a reply's headers with the parser that it has for letters, at a price
that shows in a read of thousands of pages. An API needs no more of HTTP than this.
"""

from __future__ import annotations

import http.client
import re
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

_LENGTH, _CHUNK_LENGTH = re.compile(r"[0-9]{1,16}"), re.compile(rb"[0-9A-Fa-f]{1,13}")
"""A number of more digits than any body has bytes is no length; Python would not even print it."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_SWITCHING = 101
"""To a protocol that nobody has asked for."""

_WITHOUT_BODY = frozenset((204, 304))

# zlib's window bits: with a header of either kind, told apart by itself; and without any.
_GZIP_OR_ZLIB, _BARE = 47, -15
_GZIP_BEGINS = b"\x1f\x8b"


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
            Malformed: it is not what `Content-Encoding` says.
        """
        encoding = self.headers.get("Content-Encoding", "").strip().lower()
        # Any other word may be one for no compression; whoever reads the body will see.
        if encoding not in ("gzip", "x-gzip", "deflate"):
            return self.body
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
        ValueError: something in it would end its line, or its target, early, or has no place in
            HTTP. What it is is not said: the key is among it.
    """
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if _CONTROL.search("".join(lines)) or " " in target:
        raise ValueError("a request must not hold control characters")
    try:
        return "\r\n".join((*lines, "", "")).encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("a request must not hold characters beyond Latin-1") from None


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
    wishes = _words(headers, "Connection")
    is_last = "close" in wishes or (version == b"HTTP/1.0" and "keep-alive" not in wishes)
    if status in _WITHOUT_BODY:
        return Reply(status, headers, b"", is_last)
    codings = _words(headers, "Transfer-Encoding") - {"identity"}
    if codings == {"chunked"}:  # a length beside it does not count
        return Reply(status, headers, _chunked(stream), is_last)
    if codings:
        raise Malformed("Transfer-Encoding is not chunked")
    lengths = _words(headers, "Content-Length")
    if not lengths:
        return Reply(status, headers, stream.read(), True)
    length = lengths.pop()
    if lengths or not _LENGTH.fullmatch(length):
        raise Malformed("Content-Length is no length")
    return Reply(status, headers, _exactly(stream, int(length)), is_last)


def _status(stream: BinaryIO) -> tuple[bytes, int]:
    line = _line(stream)
    if not line:
        raise http.client.RemoteDisconnected("the connection was closed without a reply")
    version, _, rest = line.partition(b" ")
    code = rest.strip().partition(b" ")[0]
    if version not in (b"HTTP/1.1", b"HTTP/1.0") or not (code.isdigit() and len(code) == 3):
        raise Malformed(f"status line {line[:80]!r}")
    status = int(code)
    if status < 100 or status == _SWITCHING:
        raise Malformed(f"status {status}")
    return version, status


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


def _words(headers: Mapping[str, str], name: str) -> set[str]:
    """What a header lists; said twice alike is said once (RFC 9110, 8.6)."""
    value = headers.get(name)
    if value is None:
        return set()
    return {word.strip().lower() for word in value.split(",")} - {""}


def _chunked(stream: BinaryIO) -> bytes:
    """A body of pieces, each with its length ahead of it."""
    pieces: list[bytes] = []
    while True:
        line = _line(stream)
        if not line:
            raise http.client.IncompleteRead(b"".join(pieces))
        size = line.partition(b";")[0].strip()
        if not _CHUNK_LENGTH.fullmatch(size):
            raise Malformed(f"size of a chunk {size[:20]!r}")
        length = int(size, 16)
        if length == 0:
            # More headers may follow; that the body is whole is known without them.
            for _ in range(_MOST_LINES):
                if _line(stream) in (b"\r\n", b"\n", b""):
                    return b"".join(pieces)
            raise Malformed("too many headers after the body")
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
    # Behind the first member may follow others, and what some servers pad their replies with.
    while body and (not parts or body.startswith(_GZIP_BEGINS)):
        inflater = zlib.decompressobj(window_bits)
        parts.append(inflater.decompress(body))
        if not inflater.eof:
            raise zlib.error("the body ends early")
        body = inflater.unused_data
    return b"".join(parts)
