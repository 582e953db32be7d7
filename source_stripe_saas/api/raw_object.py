"""A list's reply, as bytes -> its objects, each still as Stripe wrote it.

Most objects go through this connector undecoded: a stream needs their id, their `created`, and
whether an embedded list was cut. So the white space of a page is removed and the page is split; a
`RawObject` holds the bytes of one object and decodes the rest of it on demand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

StripeObject = dict[str, Any]
"""A decoded object."""
HeadDecoder = msgspec.json.Decoder[Any]


class _Cut(msgspec.Struct):
    """What is decoded of an embedded list."""

    has_more: bool = False


class _Envelope(msgspec.Struct):
    """The envelope of a list."""

    data: list[msgspec.Raw]
    has_more: bool


_ENVELOPE = msgspec.json.Decoder(_Envelope)

_PLAIN = frozenset((str, int, bool))


@cache
def head_decoder(fields: tuple[str, ...], lists: tuple[str, ...] = ()) -> HeadDecoder:
    """A decoder of an object's head: its id, some plain fields and some embedded lists.

    Args:
        fields: names of fields that hold a text, a number or true and false.
        lists: names of embedded lists, of which `RawObject.is_cut` is to know.
    """
    members: list[tuple[str, Any] | tuple[str, Any, Any]] = [("id", str)]
    members += [(name, Any, None) for name in fields if name != "id"]
    members += [(name, _Cut | None, None) for name in lists]
    head = msgspec.defstruct("Head", members)
    return msgspec.json.Decoder(head)


class RawObject(Mapping[str, Any]):
    """One object of a list; reads like the decoded object, except for lists that the head names."""

    __slots__ = ("_decoded", "_head", "raw")

    def __init__(self, raw: memoryview, head: Any) -> None:
        self.raw = raw
        """The object as compact JSON."""
        self._head = head
        self._decoded: StripeObject | None = None

    def decoded(self) -> StripeObject:
        """The whole object, as a dict that the caller may change."""
        if self._decoded is None:
            self._decoded = loads(self.raw)
        return self._decoded

    def is_cut(self, name: str) -> bool:
        """True if Stripe cut an embedded list; its name must be among the lists of the head."""
        embedded = getattr(self._head, name)
        return embedded is not None and bool(embedded.has_more)

    def __getitem__(self, name: str) -> Any:
        # Lists are in the head too, but only as far as `is_cut` needs them.
        value = getattr(self._head, name, None)
        return value if type(value) in _PLAIN else self.decoded()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.decoded())

    def __len__(self) -> int:
        return len(self.decoded())


ListedObject = RawObject | StripeObject
"""An object of a list; decoded already where its reply could not be split."""

ListContent = tuple[Sequence[ListedObject], bool]
"""A list's objects, and whether there are more."""


def as_dict(listed: ListedObject) -> StripeObject:
    """A list's entry as a dict."""
    return listed.decoded() if isinstance(listed, RawObject) else listed


def list_content(content: bytes, decoder: HeadDecoder) -> ListContent | None:
    """A list's reply -> (its objects, whether there are more); None if it is not a list.

    Args:
        content: the body, pretty-printed or not.
        decoder: from `head_decoder`.
    """
    try:
        compact = msgspec.json.format(content, indent=-1)
        envelope = _ENVELOPE.decode(compact)
        if not compact.isascii():
            _check_utf8(envelope.data)
        rows = [RawObject(memoryview(raw), decoder.decode(raw)) for raw in envelope.data]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decoded(content)
    return rows, envelope.has_more


def _check_utf8(slices: list[msgspec.Raw]) -> None:
    """Objects are written out as they are, and msgspec does not look inside strings.

    Raises:
        UnicodeDecodeError: one of them is not UTF-8.
    """
    for part in slices:
        content = bytes(part)
        if not content.isascii():
            content.decode()


def is_page(objects: Any, has_more: Any) -> bool:
    """True for what a list of Stripe's holds; an empty page must be the last one.

    An entry that says what it is may lack its id: that is one odd object, and asking again would
    not help.
    """
    if not isinstance(objects, Sequence) or not isinstance(has_more, bool):
        return False
    if has_more and not objects:
        return False
    return all(has_id(entry) or _says_what_it_is(entry) for entry in objects)


def has_id(row: object) -> bool:
    """True for an object with the id that a record needs; a `RawObject` was seen to have one."""
    return type(row) is RawObject or (isinstance(row, Mapping) and isinstance(row.get("id"), str))


def _says_what_it_is(entry: object) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("object"), str)


def loads(content: bytes | memoryview) -> Any:
    """Any JSON, to the last digit of its integers.

    Raises:
        ValueError: it is none.
        RecursionError: it is nested deeper than Python can follow.
    """
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # JSON allows lone surrogates, for example, and so does the standard library.
        return json.loads(bytes(content), parse_constant=_no_number)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _decoded(content: bytes) -> ListContent | None:
    try:
        body = loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict) or not is_page(body.get("data"), body.get("has_more")):
        return None
    return body["data"], body["has_more"]
