"""A CSV file cut into pieces that each hold whole records, and a plain piece read in one go."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

import polars as pl

from .dialect import Dialect

PIECE = 4 * 1024 * 1024
"""So many bytes are read at once."""
LONGEST = 4 * PIECE
"""When no record has ended after so many bytes, a quote was never closed."""

Read = Callable[[], bytes]


def reading(opened: BinaryIO, dialect: Dialect) -> Read:
    """A function that returns the next bytes of the file, as UTF-8 with lines ended by a line feed.

    Bytes that are no text in the file's encoding come out as bytes that are no UTF-8.
    """
    opened.seek(len(dialect.bom))
    if dialect.encoding == "utf-8" and dialect.eol != "\r":
        return lambda: opened.read(PIECE)
    decoder = codecs.getincrementaldecoder(dialect.encoding)(errors=dialect.errors)

    def read() -> bytes:
        text = ""
        while not text:
            data = opened.read(PIECE)
            text = decoder.decode(data, final=not data)
            if not data:
                break
        if dialect.eol == "\r":
            text = text.replace("\r", "\n")
        return text.encode("utf-8", dialect.errors)

    return read


def without_head(read: Read, lines: int) -> Read:
    """The same bytes without the first `lines` lines, which stand in the first of them."""
    head = [lines]

    def rest() -> bytes:
        data = read()
        while data and head[0]:
            data = data.split(b"\n", head[0])[head[0]] if data.count(b"\n") >= head[0] else b""
            head[0] = 0
            data = data or read()
        return data

    return rest


def pieces(read: Read) -> Iterator[tuple[bytes, bytes, bool]]:
    """Pieces of whole records, in order; with what was read beyond each.

    The flag is false for a piece in which no record ended: it is the last, and all that `read` still has to
    give belongs to it.
    """
    held = b""
    while data := read():
        held += data
        end = _end_of_records(held)
        if end:
            yield held[:end], held[end:], True
            held = held[end:]
        elif len(held) > LONGEST:
            yield held, b"", False
            return
    if held:
        yield held, b"", True


def lines(data: bytes, read: Read | None) -> Iterator[str]:
    """The lines of `data` and of what is still to be read, if anything is."""
    while True:
        more = read() if read else b""
        data += more
        end = data.rfind(b"\n") + 1 if more else len(data)
        if end:
            for line in data[:end].removesuffix(b"\n").split(b"\n"):
                yield line.decode("utf-8", "surrogateescape") + "\n"
        data = data[end:]
        if not more:
            return


def _end_of_records(data: bytes) -> int:
    """Where the last record in `data` ends: behind the last line feed outside of quotes; 0 without one."""
    end = data.rfind(b"\n") + 1
    while end and data.count(b'"', 0, end) % 2:
        quote = data.rfind(b'"', 0, end)
        end = data.rfind(b"\n", 0, quote) + 1
    return end


def at_once(data: bytes, columns: tuple[str, ...], delimiter: str) -> pl.DataFrame | None:
    """A piece as a frame of text, if every record of it is in order; else None.

    Polars fills up rows that are too short without a word, and takes text behind a closing quote. So the
    quotes and the delimiters of each row are looked at first.
    """
    marked = _with_marks(data, delimiter) if b'"' in data else data
    if b'"' in marked:
        return None
    try:
        lines = pl.Series([marked.removesuffix(b"\n").decode()]).str.split("\n").explode()
        counts = lines.str.count_matches(delimiter, literal=True)
        if not bool(((counts == len(columns) - 1) | (lines.str.strip_chars("\r") == "")).all()):
            return None
        frame = pl.read_csv(
            io.BytesIO(data),
            has_header=False,
            schema=dict.fromkeys(columns, pl.String),
            separator=delimiter,
            infer_schema=False,
        )
    except (UnicodeDecodeError, pl.exceptions.PolarsError):
        return None
    return frame if frame.height == lines.len() else None


def _with_marks(data: bytes, delimiter: str) -> bytes:
    """The text with a mark for each field in quotes that begins and ends where a field may."""
    part = re.escape(delimiter.encode())
    return re.sub(rb"(?<![^\n" + part + rb'])"[^"]*(?:""[^"]*)*"(?![^\r\n' + part + rb"])", b"\x01", data)
