"""Frames over pipes: a head of JSON, and a body of bytes, which is Arrow data or what a server answered. Nothing that could
run code when it is read."""

from __future__ import annotations

import base64
import datetime as dt
import json
import struct
from collections.abc import Callable, Mapping, Sequence, Set
from decimal import Decimal
from typing import Any, Protocol

import orjson

LENGTHS = struct.Struct(">IQ??")
"""Bytes of the head, bytes of the body, whether the head has values that JSON has not, and whole numbers of any size."""
HEAD = 256 * 1024 * 1024
BODY = 1024 * 1024 * 1024
MARK = "\0synchub"
"""The one name of a table that stands for a value that JSON has not."""
OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS
KINDS: tuple[tuple[type, str, Callable[[str], Any]], ...] = (
    (Decimal, "decimal", Decimal),
    (dt.datetime, "datetime", dt.datetime.fromisoformat),
    (dt.date, "date", dt.date.fromisoformat),
    (bytes, "bytes", base64.b64decode),
)
"""Values that JSON has not: their type, its name here, and the way back."""


class Broken(Exception):
    """The other side is gone, or says what is no frame."""


class Takes(Protocol):
    """What bytes are written to, whole."""

    def write(self, data: bytes, /) -> object: ...
    def flush(self) -> None: ...


def send(file: Takes, head: Any, body: bytes = b"") -> None:
    """Write one frame. Raises TypeError for a value that is not plain, with nothing written."""
    write(file, packed(head), body)


def write(file: Takes, head: tuple[bytes, bool, bool], body: bytes = b"") -> None:
    """Write one frame whose head is packed already."""
    text, marked, large = head
    file.write(LENGTHS.pack(len(text), len(body), marked, large))
    file.write(text)
    file.write(body)
    file.flush()


def receive(read: Callable[[int], bytes]) -> tuple[Any, bytes]:
    """Read one frame. `read` gives at most as many bytes as it is asked for, none at the end. Raises Broken."""
    head, body, marked, large = LENGTHS.unpack(_exactly(read, LENGTHS.size))
    if head > HEAD or body > BODY:
        raise Broken(f"a message of {head + body} bytes")
    text = _exactly(read, head)
    said = json.loads(text) if large else orjson.loads(text)
    return (_unmarked(said) if marked else said), _exactly(read, body)


def packed(head: Any) -> tuple[bytes, bool, bool]:
    """A head as JSON, whether values in it are marked, and whether there are whole numbers of any size."""
    marked = False

    def odd(value: Any) -> Any:
        nonlocal marked
        name = next((name for kind, name, _ in KINDS if isinstance(value, kind)), None)
        if name is None:
            return _plainer(value)
        marked = True
        return {MARK: [name, base64.b64encode(value).decode() if name == "bytes" else str(value)]}

    try:
        text = orjson.dumps(head, default=odd, option=OPTIONS)
    except TypeError as error:
        if "64-bit" not in str(error):
            raise
        return json.dumps(head, default=odd).encode(), marked, True
    return text, marked, False


def _plainer(value: Any) -> Any:
    """A value that is only of a class of its own, or a tuple or set, as JSON has it."""
    match value:
        case Mapping():
            return dict(value)
        case str():
            return str.__str__(value)
        case int():
            return int(value)
        case Sequence() | Set():
            return list(value)
    raise TypeError(f"a value of type {type(value).__name__} is not plain")


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {MARK}:
            name, text = value[MARK]
            return next(back for _, known, back in KINDS if known == name)(text)
        return {key: _unmarked(each) for key, each in value.items()}
    return [_unmarked(each) for each in value] if isinstance(value, list) else value


def _exactly(read: Callable[[int], bytes], count: int) -> bytes:
    parts, left = [], count
    while left:
        part = read(min(left, 1 << 20))
        if not part:
            raise Broken("nothing more")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
