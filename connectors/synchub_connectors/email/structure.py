"""Which part of a message holds its text (from BODYSTRUCTURE), and that part's bytes as text. Pure."""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from synchub_connectors.email.text import decode, from_html, paragraphs

BODY_LIMIT = 4_000

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_MOST_PARTS = 100


@dataclass(frozen=True, slots=True)
class TextPart:
    """Where the text stands: `section` as IMAP counts ("1.2"), and how it is written."""

    section: str
    html: bool
    charset: str
    encoding: str


def text_part(structure: Any) -> TextPart | None:
    """The first plain text that is no attachment, else the first such HTML. None if there is neither."""
    html: TextPart | None = None
    for number, (section, leaf) in enumerate(_leaves(structure, "")):
        if number >= _MOST_PARTS:
            break
        if len(leaf) < 7 or _word(leaf[0]) != "text" or leaf[6] == 0 or _is_attachment(leaf):
            continue
        kind = _word(leaf[1])
        part = TextPart(section, kind == "html", _charset(leaf[2]), _word(leaf[5]))
        if kind == "plain":
            return part
        if kind == "html" and html is None:
            html = part
    return html


def _leaves(structure: Any, section: str) -> Iterator[tuple[str, Any]]:
    # A message inside a message is not opened: its text is someone else's.
    if structure and isinstance(structure[0], list):
        for number, part in enumerate(structure[0], 1):
            yield from _leaves(part, f"{section}.{number}" if section else str(number))
    elif structure:
        yield section or "1", structure


def _is_attachment(leaf: Any) -> bool:
    disposition = leaf[9] if len(leaf) > 9 else None
    return bool(isinstance(disposition, tuple) and disposition and _word(disposition[0]) == "attachment")


def _charset(parameters: Any) -> str:
    pairs = parameters if isinstance(parameters, tuple) else ()
    for name, value in zip(pairs[::2], pairs[1::2], strict=False):
        if _word(name) == "charset":
            return _word(value)
    return ""


def _word(value: Any) -> str:
    return value.decode("ascii", "replace").lower() if isinstance(value, bytes) else ""


def readable(data: bytes, part: TextPart) -> str:
    """The start of a part as clean text of at most `BODY_LIMIT` characters. `data` may be cut anywhere."""
    if part.encoding == "base64":
        bare = _NOT_BASE64.sub(b"", data)
        bare = bare[:-1] if len(bare) % 4 == 1 else bare
        data = binascii.a2b_base64(bare + b"=" * (-len(bare) % 4))
    elif part.encoding == "quoted-printable":
        data = quopri.decodestring(data)
    text = decode(data, part.charset)
    return paragraphs(from_html(text) if part.html else text, BODY_LIMIT)
