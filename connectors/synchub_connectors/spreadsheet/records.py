"""CSV, one record at a time: slower than a whole file, but it tells a broken row from its neighbours."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from synchub.api import BrokenRow

MOST_LINES = 2000
"""A record of more lines has a quote that was never closed."""

_NOT_TEXT = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it stands in the file. Without `fields` it is blank (no reason) or broken."""

    line: int
    raw: str
    fields: list[str] | None
    reason: str = ""

    def broken(self, name: str) -> BrokenRow:
        raw = self.raw.rstrip("\r\n").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        return BrokenRow(where=f"{name} line {self.line}", raw=raw, reason=self.reason)


class _Lines:
    """Lines that can be given back, and that ends a record which runs on and on."""

    def __init__(self, lines: Iterable[str], first: int) -> None:
        self._source = iter(lines)
        self._again: deque[str] = deque()
        self.number = first
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES:
            raise csv.Error("unclosed")
        line = self._again.popleft() if self._again else next(self._source)
        self.taken.append(line)
        return line

    def accept(self) -> tuple[int, str]:
        """Number and text of what was taken since the last time."""
        number, raw = self.number, "".join(self.taken)
        self.number += len(self.taken)
        self.taken.clear()
        return number, raw

    def keep_first(self) -> None:
        """Give back all that was taken but the first line."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def records(lines: Iterable[str], *, delimiter: str, width: int | None, first: int = 1) -> Iterator[Record]:
    """The records of a CSV file. `width` is the number of fields that each must have (None: any), `first` the
    number of the first line.

    A row with fewer fields is broken too: nobody can tell which of them is missing. Where a quote is not
    closed, only the line it stands in is broken; the next line starts afresh.
    """
    source = _Lines(lines, first)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            source.keep_first()
            yield Record(*source.accept(), None, _reason(error))
            reader = csv.reader(source, delimiter=delimiter, strict=True)
            continue
        line, raw = source.accept()
        if not any(fields):
            yield Record(line, raw, None)
        elif not raw.isascii() and _NOT_TEXT.search(raw):
            yield Record(line, raw, None, "It holds bytes that are not text in the encoding of this file.")
        elif width is not None and len(fields) != width:
            yield Record(line, raw, None, f"It has {len(fields)} fields; the header has {width}.")
        else:
            yield Record(line, raw, fields)


def _reason(error: csv.Error) -> str:
    if "field larger" in str(error):
        return "One of its fields is too long."
    if "new-line" in str(error):
        return "A carriage return stands in it outside of quotes."
    return "A quote in it is not closed, or stands where none may be."
