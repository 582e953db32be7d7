"""A reply's bytes: what they say, where they end, and what is wrong with them (RFC 9112)."""

import gzip
import http.client
import io
import traceback
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_stripe_saas.api import http1
from source_stripe_saas.api.http1 import Malformed, read_reply, request_of

BODY = b'{"object": "list", "data": []}'


def reply(head: str, body: bytes = b"", rest: bytes = b""):
    """What is read from a stream of these bytes, and what is left in it."""
    stream = io.BytesIO(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n" + body + rest)
    return read_reply(stream), stream.read()


def chunked(*pieces: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + end


# -- requests --------------------------------------------------------------------------------------


def test_a_request_is_its_target_and_its_headers():
    sent = request_of("/v1/charges?limit=1", {"Host": "api.stripe.com", "Accept": "*/*"})
    assert sent.split(b"\r\n") == [
        b"GET /v1/charges?limit=1 HTTP/1.1",
        b"Host: api.stripe.com",
        b"Accept: */*",
        b"",
        b"",
    ]


@pytest.mark.parametrize(
    ("target", "header"),
    [
        ("/v1/charges", "sk_1\r\nStripe-Account: acct_2"),
        ("/v1/charges", "sk_1\nStripe-Account: acct_2"),
        ("/v1/charges", "sk_1\r\n"),
        ("/v1/charges", "sk_1\0"),
        ("/v1/charges", "sk_1\x7f"),
        ("/v1/charges HTTP/1.1\r\nX: y", "sk_1"),
        ("/v1/char ges", "sk_1"),
    ],
)
def test_nothing_can_be_smuggled_into_a_request(target, header):
    with pytest.raises(ValueError, match="control characters"):
        request_of(target, {"Authorization": header})


def test_what_cannot_be_sent_is_not_shown():
    key = "_".join(("sk", "live", "1"))
    with pytest.raises(ValueError, match="beyond Latin-1") as raised:
        request_of("/v1/charges", {"Authorization": key, "Stripe-Account": "acct_\u0142"})
    assert key not in "".join(traceback.format_exception(raised.value))


# -- replies ---------------------------------------------------------------------------------------


def test_a_body_is_as_long_as_its_length_says():
    read, left = reply(f"HTTP/1.1 200 OK\nContent-Length: {len(BODY)}\n", BODY, b"HTTP/1.1 404")
    assert (read.status, read.body, read.is_last) == (200, BODY, False)
    assert left == b"HTTP/1.1 404"


def test_headers_are_found_in_any_case_and_without_blanks():
    read, _ = reply("HTTP/1.1 200 OK\nreQuest-ID:  req_1 \t\nContent-Length: 0\n")
    assert read.headers["Request-Id"] == "req_1"


def test_a_header_that_comes_twice_has_both_values():
    read, _ = reply("HTTP/1.1 200 OK\nVary: Origin\nvary: Accept\nContent-Length: 0\n")
    assert read.headers["Vary"] == "Origin, Accept"


def test_headers_may_be_many_and_of_any_latin_letters():
    many = "".join(f"X-{number}: caf\xe9\n" for number in range(100))
    read, _ = reply(f"HTTP/1.1 200 OK\n{many}Content-Length: 0\n")
    assert len(read.headers) == 101
    assert read.headers["x-99"] == "caf\xe9"


def test_a_length_said_twice_alike_is_said_once():
    head = "HTTP/1.1 200 OK\nContent-Length: 30\nContent-Length: 30, 30\n"
    assert reply(head, BODY)[0].body == BODY


def test_lines_may_end_without_a_carriage_return():
    content = b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\nHTTP/1.1 404"
    stream = io.BytesIO(content)
    assert read_reply(stream).body == b"abc"
    assert stream.read() == b"HTTP/1.1 404"


def test_a_long_body_is_taken_piece_by_piece(monkeypatch):
    monkeypatch.setattr(http1, "_MOST_BYTES_AT_ONCE", 4)
    head = f"HTTP/1.1 200 OK\nContent-Length: {len(BODY)}\n"
    read, left = reply(head, BODY, b"HTTP/1.1 404")
    assert (read.body, left) == (BODY, b"HTTP/1.1 404")
    with pytest.raises(http.client.IncompleteRead) as raised:
        reply(head, BODY[:-1])
    assert (raised.value.partial, raised.value.expected) == (BODY[:-1], 1)


@pytest.mark.parametrize("end", [b"0\r\n\r\n", b"0\r\nDigest: x\r\n\r\n", b"000;last\r\n\r\n"])
def test_a_body_in_chunks_ends_with_an_empty_one(end):
    body = chunked(BODY[:7], BODY[7:], end=end)
    read, left = reply("HTTP/1.1 200 OK\nTransfer-Encoding: Chunked\n", body, b"HTTP/1.1 404")
    assert (read.body, read.is_last) == (BODY, False)
    assert left == b"HTTP/1.1 404"


def test_of_chunks_and_a_length_the_chunks_count():
    head = "HTTP/1.1 200 OK\nContent-Length: 3\nTransfer-Encoding: chunked\n"
    assert reply(head, chunked(BODY))[0].body == BODY


@pytest.mark.parametrize("encoding", ["chunked, chunked", "identity, chunked"])
def test_chunks_may_be_announced_at_length(encoding):
    assert reply(f"HTTP/1.1 200 OK\nTransfer-Encoding: {encoding}\n", chunked(BODY))[0].body == BODY


def test_a_body_as_it_is_may_say_so():
    head = f"HTTP/1.1 200 OK\nTransfer-Encoding: identity\nContent-Length: {len(BODY)}\n"
    assert reply(head, BODY)[0].body == BODY


def test_a_server_may_hang_up_after_the_last_chunk():
    body = chunked(BODY, end=b"0\r\n")
    assert reply("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n", body)[0].body == BODY


@pytest.mark.parametrize("length", ["", "Content-Length:\n"])
def test_a_body_without_a_length_goes_on_to_the_end_of_the_connection(length):
    read, _ = reply(f"HTTP/1.1 200 OK\n{length}", BODY)
    assert (read.body, read.is_last) == (BODY, True)


@pytest.mark.parametrize(
    ("version", "connection", "is_last"),
    [
        ("1.1", "", False),
        ("1.1", "Connection: close\n", True),
        ("1.1", "Connection: TE, Close\n", True),
        ("1.0", "", True),
        ("1.0", "Connection: Keep-Alive\n", False),
    ],
)
def test_a_server_says_whether_a_connection_goes_on(version, connection, is_last):
    read, _ = reply(f"HTTP/{version} 200 OK\n{connection}Content-Length: 0\n")
    assert read.is_last is is_last


def test_what_comes_ahead_of_the_reply_is_passed_over():
    early = "HTTP/1.1 100 Continue\n\nHTTP/1.1 103 Early Hints\nLink: </x>\n\n"
    read, _ = reply(f"{early}HTTP/1.1 200 OK\nContent-Length: {len(BODY)}\n", BODY)
    assert (read.status, read.body) == (200, BODY)


@pytest.mark.parametrize("status", [204, 304])
def test_some_replies_have_no_body(status):
    head = f"HTTP/1.1 {status} X\nContent-Length: 9\nConnection: close\n"
    read, left = reply(head, b"", b"HTTP/1.1 404")
    assert (read.body, read.is_last, left) == (b"", True, b"HTTP/1.1 404")


# -- compression -----------------------------------------------------------------------------------


def bare(content: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(content) + deflater.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(BODY)),
        ("GZIP", gzip.compress(BODY[:9]) + gzip.compress(BODY[9:])),
        ("x-gzip", gzip.compress(BODY)),
        ("gzip", gzip.compress(BODY) + bytes(8)),
        ("gzip", gzip.compress(BODY) + b"\n"),
        ("deflate", zlib.compress(BODY) + b"junk"),
        ("", BODY),
        ("none", BODY),
        ("deflate", zlib.compress(BODY)),
        ("deflate", bare(BODY)),
        ("identity", BODY),
    ],
)
def test_compression_is_undone(encoding, body):
    head = f"HTTP/1.1 200 OK\nContent-Encoding: {encoding}\nContent-Length: {len(body)}\n"
    assert reply(head, body)[0].decoded() == BODY


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", BODY),
        ("gzip", gzip.compress(BODY)[:-9]),
        ("gzip", bare(BODY)),
        ("gzip", gzip.compress(BODY) + gzip.compress(BODY)[:-9]),
        ("gzip", gzip.compress(BODY) + gzip.compress(BODY)[:9] + bytes(90)),
        ("deflate", BODY),
    ],
)
def test_what_cannot_be_undone_is_no_reply(encoding, body):
    head = f"HTTP/1.1 200 OK\nContent-Encoding: {encoding}\nContent-Length: {len(body)}\n"
    with pytest.raises(Malformed):
        reply(head, body)[0].decoded()


# -- what is wrong ---------------------------------------------------------------------------------


def test_a_connection_that_ends_without_a_word_is_a_broken_connection():
    with pytest.raises(http.client.RemoteDisconnected) as raised:
        read_reply(io.BytesIO(b""))
    assert isinstance(raised.value, ConnectionError)


@pytest.mark.parametrize(
    "content",
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n1234",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n1234",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n",
    ],
)
def test_a_reply_that_ends_early_is_not_taken_for_a_whole_one(content):
    with pytest.raises(http.client.IncompleteRead):
        read_reply(io.BytesIO(content))


@pytest.mark.parametrize(
    "content",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 20\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200OK\r\n\r\n",
        b"HTTP/1.1 \xb2\xb2\xb2 OK\r\n\r\n",
        b"HTTP/1.1 000 X\r\n\r\n",
        b"HTTP/1.1 099 X\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 " + b"x" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n0123456789",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n1234",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n12",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 60_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 1_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-4\r\n1234\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n1234\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n1234\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_reply_is_not_taken_for_one(content):
    with pytest.raises(Malformed):
        read_reply(io.BytesIO(content))


# -- beside the standard library -------------------------------------------------------------------

NAMES = st.sampled_from(["Request-Id", "date", "X-A", "Stripe-Should-Retry"])
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)


class Socket:
    """As much of a socket as the standard library reads from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._content)


@given(
    # The library reads a body in chunks also where there can be none.
    status=st.integers(200, 599).filter(lambda status: status not in (204, 304)),
    headers=st.dictionaries(NAMES, VALUES),
    pieces=st.lists(st.binary(min_size=1, max_size=300), max_size=4),
    is_chunked=st.booleans(),
    closes=st.booleans(),
)
def test_a_reply_says_what_the_standard_library_reads_in_it(
    status, headers, pieces, is_chunked, closes
):
    if is_chunked:
        headers["Transfer-Encoding"], body = "chunked", chunked(*pieces)
    else:
        body = b"".join(pieces)
        headers["Content-Length"] = str(len(body))
    if closes:
        headers["Connection"] = "close"
    lines = [f"HTTP/1.1 {status} Some Words", *(f"{name}: {headers[name]}" for name in headers)]
    content = "\r\n".join((*lines, "", "")).encode() + body

    theirs = http.client.HTTPResponse(Socket(content), method="GET")
    theirs.begin()
    ours = read_reply(io.BytesIO(content))
    assert ours.status == theirs.status
    assert dict(ours.headers) == dict(theirs.headers.items())
    assert ours.body == theirs.read()
    assert ours.is_last is theirs.will_close
