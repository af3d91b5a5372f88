"""How a CSV file is written: found out from its first lines, kept when it is written again."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from synchub.api import ConfigurationError

DELIMITERS = ",;\t|"
HEAD = 256 * 1024
"""So many bytes are looked at to find out the dialect."""

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """bom    bytes before the text                      eol        how lines end: "\\n", "\\r\\n" or "\\r"
    skip   lines before the header (notes, `sep=;`)   quote_all  every field stands in quotes
    """

    encoding: str
    bom: bytes
    delimiter: str
    eol: str
    skip: int
    quote_all: bool

    @property
    def errors(self) -> str:
        """How bytes that are no text pass through unharmed: rows we do not touch are written as they were."""
        return "surrogatepass" if self.encoding.startswith("utf-16") else "surrogateescape"


def find_dialect(file: Path, *, encoding: str | None, delimiter: str | None, header_row: int) -> Dialect:
    """The dialect of a file; what is given is not guessed. Raises ConfigurationError if the file is empty."""
    with file.open("rb") as opened:
        head = opened.read(HEAD)
    bom = next((mark for mark in _MARKS if head.startswith(mark)), b"")
    chosen = _known(encoding) if encoding else _MARKS.get(bom) or _encoding(file)
    text = head[len(bom) :].decode(chosen, errors="replace")
    eol = "\r\n" if "\r\n" in text else "\n" if "\n" in text else "\r" if "\r" in text else "\n"
    lines = text.split(eol)
    if len(head) == HEAD:
        lines.pop()  # it is cut off
    said = lines[0].strip('"\r\n ')
    named = said[4:5] if said.lower().startswith("sep=") and len(said) <= 5 else ""
    skip = header_row - 1 + bool(named)
    rest = lines[skip:]
    if not any(line.strip() for line in rest):
        raise ConfigurationError(
            f"{file.name} is empty: it has no header row.",
            not_done="Nothing was read from it or written to it.",
            next_step="Export it again, or correct header_row in hub.toml.",
        )
    part = delimiter or named or _delimiter(rest[:50])
    header = rest[0].strip()
    quote_all = header.count('"') >= 2 * (header.count(part) + 1)
    return Dialect(chosen, bom, part, eol, skip, quote_all)


def _known(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise ConfigurationError(
            f"There is no encoding {encoding!r}.",
            next_step='Use "utf-8", "cp1252" or another that Python knows.',
        ) from None
    return "utf-8" if name == "utf-8-sig" else name


def _encoding(file: Path) -> str:
    """UTF-8, or cp1252 if lines that are no UTF-8 prevail among those that tell."""
    good = bad = 0
    with file.open("rb") as opened:
        while lines := opened.readlines(4 * 1024 * 1024):
            chunk = b"".join(lines)
            if chunk.isascii():
                continue
            if _is_utf8(chunk):
                good += 1
                continue
            telling = Counter(_is_utf8(line) for line in lines if not line.isascii())
            good, bad = good + telling[True], bad + telling[False]
    return "cp1252" if bad > good else "utf-8"


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(lines: list[str]) -> str:
    """The delimiter by which most lines have as many fields as the header; of equals that with most."""

    def fit(delimiter: str) -> tuple[int, int]:
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:  # by a wrong delimiter a line end inside of quotes stands outside of them
            return (-1, 0)
        width = len(rows[0])
        return (sum(len(row) == width for row in rows), width) if width > 1 else (0, 1)

    return max(DELIMITERS, key=fit)
