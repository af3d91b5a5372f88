"""Values from outside, made fit for a terminal and a line of text."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

BLANK_SIGN = "∅"
HIDDEN = "•••"
"""Stands for a value that is not to be shown."""

_PICTURES = {"\n": "↵", "\r": "↵", "\t": "⇥"}
# Control, formatting (text direction, zero width), surrogates, private use, unassigned; ends of lines.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as it may be displayed. `empty`: there is none, `text` is the sign for that."""

    text: str
    empty: bool = False


def clean(text: str) -> str:
    """`text` on one line, with everything visible that could steer a terminal or hide in it."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    return "".join(_PICTURES.get(char) or (_escape(char) if _unsafe(char) else char) for char in text)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; what was left out is marked."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def shown(value: str | None, *, limit: int = 60) -> Shown:
    """One value, cleaned and cut."""
    if value is None or value == "":
        return Shown(BLANK_SIGN, empty=True)
    # Cut before cleaning too: a value can be a megabyte, and cleaning looks at every character.
    return Shown(cut(clean(value[: limit + 1]), limit))


def shown_pair(before: str | None, after: str | None, *, limit: int = 60) -> tuple[Shown, Shown]:
    """Two values of one field, cut so that what differs can be seen."""
    same = _same(before or "", after or "")
    if max(len(before or ""), len(after or "")) > limit and same > limit // 2:
        start = same - limit // 4
        return _tail(before, start, limit), _tail(after, start, limit)
    return shown(before, limit=limit), shown(after, limit=limit)


def _same(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _tail(value: str | None, start: int, limit: int) -> Shown:
    if not value:
        return shown(value)
    return Shown("…" + shown(value[start:], limit=limit - 1).text if len(value) > start else "…")


def _unsafe(char: str) -> bool:
    return unicodedata.category(char) in _UNSAFE


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
