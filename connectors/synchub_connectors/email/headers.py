"""Header lines as they come, into names, addresses and text. Pure, and safe on hostile input."""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from synchub_connectors.email.text import decode, one_line

NAME_LIMIT = 200
ADDRESS_LIMIT = 254
PEOPLE_LIMIT = 200

_FIELD_END = re.compile(r"\r?\n(?![ \t])")
_FOLD = re.compile(r"[\r\n]+[ \t]*")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?)")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
_ADDRESS = re.compile(r"[^@\s<>()\[\],;:\"\\\x00-\x1f\x7f]{1,64}@[^@\s<>()\[\],;:\"\\\x00-\x1f\x7f/]{1,190}")
# Possessive throughout: no text makes them go back and try again.
_ITEM = re.compile(r'(?:"(?:\\.|[^"\\])*+"?+|<[^>]*+>?+|\([^()]*+\)?+|[^,;"<(]++)++', re.DOTALL)
_NAMED = re.compile(r'((?:"(?:\\.|[^"\\])*+"|[^<"])*+)<([^<>]*+)>\s*+(?:\([^()]*+\))?+\s*+', re.DOTALL)
_COMMENT = re.compile(r"\(([^()]*+)\)")
_GROUP_NAME = re.compile(r"\A[^\"<(@:]*+:")
_QUOTED_PAIR = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Person:
    """An address in lower case, and the name that was written with it, which may be empty."""

    address: str
    name: str = ""


def fields(block: bytes) -> dict[str, str]:
    """Header lines as lower-case name to raw text, unfolded. Of a repeated header the first counts."""
    found: dict[str, str] = {}
    for line in _FIELD_END.split(_raw_text(block)):
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), _FOLD.sub(" ", value).strip())
    return found


def _raw_text(block: bytes) -> str:
    """Headers should be ASCII. Those that are not are mostly UTF-8, each header for itself."""
    try:
        return block.decode("utf-8")
    except UnicodeDecodeError:
        return "\n".join(decode(line, "utf-8") for line in block.replace(b"\r\n", b"\n").split(b"\n"))


def words(raw: str) -> str:
    """Header text with its encoded words (RFC 2047) decoded. A broken word stays as it is and harms no other.

    The standard library's `decode_header` gives up on the whole header when one word is broken.
    """
    if "=?" not in raw:
        return raw
    parts: list[str] = []
    end = 0
    held, held_charset = b"", ""
    text = _BETWEEN_WORDS.sub(r"\1", raw)
    for word in _WORD.finditer(text):
        charset, data = word[1].lower(), _word_bytes(word[2], word[3])
        # Senders split characters between adjacent words, so their bytes are joined first.
        if held and (word.start() > end or charset != held_charset or data is None):
            parts.append(decode(held, held_charset))
            held = b""
        parts.append(text[end : word.start()])
        if data is None:
            parts.append(word[0])
        else:
            held, held_charset = held + data, charset
        end = word.end()
    if held:
        parts.append(decode(held, held_charset))
    return "".join([*parts, text[end:]])


def _word_bytes(encoding: str, body: str) -> bytes | None:
    if not body.isascii():
        return None
    data = body.encode("ascii")
    if encoding in "qQ":
        return _HEX.sub(lambda found: bytes([int(found[1], 16)]), data.replace(b"_", b" "))
    bare = data.replace(b" ", b"").rstrip(b"=")
    try:
        return binascii.a2b_base64(bare + b"=" * (-len(bare) % 4))
    except binascii.Error:
        return None


def line(headers: Mapping[str, str], name: str, limit: int) -> str:
    """One header as readable text on one line; empty if it is missing."""
    return one_line(words(headers.get(name, "")[: 8 * limit]), limit)


def people(raw: str) -> list[Person]:
    """Everybody in an address header, groups opened, in order, each once. What is no address is left out.

    The standard library's `getaddresses` differs from version to version on malformed headers, takes the name
    for the address in `boss@bank.example <thief@example.com>`, and recurses into hostile nesting.
    """
    found: dict[str, Person] = {}
    for written in _ITEM.findall(raw):
        item = _GROUP_NAME.sub("", written)
        named = _NAMED.fullmatch(item)
        name, address = (named[1], named[2].rpartition(":")[2]) if named else _bare(item)
        clean = address_of(address)
        if clean and (clean not in found or not found[clean].name):
            found[clean] = Person(clean, person_name(name, clean))
        if len(found) == PEOPLE_LIMIT:
            break
    return list(found.values())


def _bare(item: str) -> tuple[str, str]:
    """Name and address of `ann@example.com (Ann Lee)`."""
    comment = _COMMENT.search(item)
    return (comment[1] if comment else ""), _COMMENT.sub("", item)


def address_of(text: str) -> str:
    """An e-mail address in lower case, or an empty text if it is none."""
    address = text.strip().strip("'").lower()
    return address if len(address) <= ADDRESS_LIMIT and _ADDRESS.fullmatch(address) else ""


def person_name(raw: str, address: str) -> str:
    """A display name made readable. One that is an address says nothing, or pretends to be another's."""
    unquoted = _QUOTED_PAIR.sub(r"\1", raw[: 8 * NAME_LIMIT].strip().strip('"'))
    name = one_line(words(unquoted), NAME_LIMIT).strip("\"' ")
    return "" if "@" in name or name.lower() == address else name


def moment(raw: str) -> datetime | None:
    """The time in a Date header, in UTC; None if it says none, or one before there was mail."""
    try:
        time = parsedate_to_datetime(one_line(raw, 200))
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return time if time.year >= 1980 else None


def identifier(raw: str) -> str:
    """A Message-ID without its angle brackets; empty if there is none that can serve as a name."""
    inner = re.search(r"<([^<>]+)>", raw)
    text = "".join(one_line(inner[1] if inner else raw, 1000).split())
    return text if len(text) <= 250 else ""
