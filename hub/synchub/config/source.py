"""One TOML file as it was read: its data, and for messages the line and column of every key and value.

tomllib parses; it keeps no positions. Only when something is wrong is the text parsed again by toml-rs, which
knows where keys and values stand, but not the headers of tables: these are found by their lines.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from synchub.config.problems import KeyPath, Problem

LARGEST = 4 * 1024 * 1024
"""A file of more bytes than this is not one that a person wrote."""

SEGMENT = r'(?:"(?:\\.|[^"\\])*"|\'[^\']*\'|[A-Za-z0-9_-]+)'
HEADER = re.compile(rf"\s*(\[\[?)\s*({SEGMENT}(?:\s*\.\s*{SEGMENT})*)\s*\]")
DOTTED_BEFORE = re.compile(rf"(?:{SEGMENT}\s*\.\s*)+$")
PLACE_IN_MESSAGE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")

Position = tuple[int, int]
"""Line and column, from 1; columns count characters."""


@dataclass(frozen=True)
class Source:
    """A file that was read. `shown` is its name in messages."""

    shown: str
    text: str = field(repr=False)
    data: dict[str, Any] = field(repr=False)

    @cached_property
    def _positions(self) -> Positions:
        return locate(self.text)

    def at(self, path: KeyPath, *, part: Literal["key", "value"] = "key") -> Position:
        """Where a key or its value stands; the nearest thing above it if it is not in the file."""
        return self._positions.at(path, part)

    def problem(self, path: KeyPath, message: str, fix: str = "", *, part: Literal["key", "value"] = "key") -> Problem:
        line, column = self.at(path, part=part)
        return Problem(self.shown, line, column, message, fix)


def read_source(file: Path, shown: str) -> Source | Problem:
    """Read and parse one file, or say what is wrong with it as a whole."""
    try:
        if file.stat().st_size > LARGEST:
            return Problem(shown, 1, 1, f"the file is larger than {LARGEST // 1024 // 1024} MiB", "split it")
        raw = file.read_bytes()
    except OSError as error:
        return Problem(shown, 1, 1, f"the file can't be read: {error.strerror}")
    return parse_source(raw, shown)


def parse_source(raw: bytes, shown: str) -> Source | Problem:
    """Parse the bytes of a file. A byte order mark, as some editors write it, is passed over."""
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        return Problem(shown, before.count(b"\n") + 1, column, "the file is not UTF-8", "save it as UTF-8")
    try:
        return Source(shown, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        return _malformed(str(error), text, shown)
    except RecursionError:
        return Problem(shown, 1, 1, "the file is nested too deeply")


def _malformed(message: str, text: str, shown: str) -> Problem:
    place = PLACE_IN_MESSAGE.search(message)
    lines = text.split("\n")
    line, column = len(lines), len(lines[-1]) + 1
    if place and place[1]:
        line, column = int(place[1]), int(place[2])
    words = PLACE_IN_MESSAGE.sub("", message)
    return Problem(shown, line, column, f"this is not TOML: {words[:1].lower()}{words[1:]}")


@dataclass(frozen=True)
class Positions:
    """Where keys and values stand. A list's elements have no key of their own."""

    keys: dict[KeyPath, Position]
    values: dict[KeyPath, Position]

    def at(self, path: KeyPath, part: Literal["key", "value"]) -> Position:
        if part == "value" and path in self.values:
            return self.values[path]
        for length in range(len(path), 0, -1):
            known = self._exactly(path[:length])
            if known is not None:
                return known
        return (1, 1)

    def _exactly(self, path: KeyPath) -> Position | None:
        return self.keys.get(path) or self.values.get(path)


def locate(text: str) -> Positions:
    """The position of everything in a text that tomllib took."""
    # Imported here: a configuration that is right needs no positions.
    import toml_rs

    lines = text.split("\n")
    found = Positions({}, {})
    try:
        nodes = toml_rs.load_with_metadata(text, toml_version="1.0.0").meta["nodes"]
    except ValueError:
        # The two parsers disagree: tables are still found by their headers.
        nodes = {}
    inside: set[int] = set()
    for path, node in _entries(nodes, ()):
        _note(path, node, lines, found, inside)
    _note_headers(lines, inside, found)
    return found


def _entries(nodes: dict[str, Any], path: KeyPath) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    """Every key and list element that toml-rs tells of, from the outside in."""
    for name, node in nodes.items():
        if isinstance(node.get("key_line"), int):
            yield (*path, name), node
            yield from _inner(node.get("value"), (*path, name))
        else:
            yield from _entries(node, (*path, name))


def _inner(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    if isinstance(value, dict):
        yield from _entries(value, path)
    elif isinstance(value, list):
        for number, element in enumerate(value):
            if isinstance(element, dict) and "value_line" in element:
                yield (*path, number), element
                yield from _inner(element.get("value"), (*path, number))


def _note(path: KeyPath, node: dict[str, Any], lines: list[str], found: Positions, inside: set[int]) -> None:
    if "key_line" in node:
        line, column = _place(node["key_line"], node["key_col"], lines)
        found.keys[path] = (line, column)
        _note_dotted(path, line, column, lines, found)
    if "value_line" in node:
        found.values[path] = _place(node["value_line"], node["value_col"], lines)
        first, last = _span(node["value_line"])
        inside.update(range(first + 1, last + 1))


def _note_dotted(path: KeyPath, line: int, column: int, lines: list[str], found: Positions) -> None:
    """In `a.b.c = 1` toml-rs tells where `c` stands; `a` and `b` stand before it."""
    before = DOTTED_BEFORE.search(lines[line - 1][: column - 1])
    if before is None:
        return
    segments = list(re.finditer(SEGMENT, before[0]))
    for above, segment in enumerate(reversed(segments), start=1):
        found.keys.setdefault(path[: len(path) - above], (line, before.start() + segment.start() + 1))


def _note_headers(lines: list[str], inside: set[int], found: Positions) -> None:
    """The keys in `[a.b]` and `[[a.b]]`, in lines that no value of several lines covers."""
    elements: dict[KeyPath, int] = {}
    for number, line in enumerate(lines, start=1):
        header = HEADER.match(line)
        if header is None or number in inside:
            continue
        path: KeyPath = ()
        segments = list(re.finditer(SEGMENT, header[2]))
        for place, segment in enumerate(segments, start=1):
            path = (*path, _name(segment[0]))
            found.keys.setdefault(path, (number, header.start(2) + segment.start() + 1))
            if place == len(segments) and header[1] == "[[":
                elements[path] = elements.get(path, -1) + 1
            elif path in elements:
                path = (*path, elements[path])


def _name(segment: str) -> str:
    """The key that a segment of a header stands for, its quotes taken off."""
    if segment[0] in "\"'":
        return str(tomllib.loads(f"key = {segment}")["key"])
    return segment


def _span(number: int | tuple[int, int]) -> tuple[int, int]:
    return (number, number) if isinstance(number, int) else number


def _place(line: int | tuple[int, int], column: int | tuple[int, int], lines: list[str]) -> Position:
    """toml-rs counts bytes in columns; people count characters."""
    row, start = _span(line)[0], _span(column)[0]
    return row, len(lines[row - 1].encode()[: start - 1].decode(errors="ignore")) + 1
