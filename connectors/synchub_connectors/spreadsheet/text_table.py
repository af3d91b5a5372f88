"""A CSV file as a table: read in large pieces, rewritten row by row.

Reading takes the fast way (a piece of the file at once) where a piece is plain, and the careful one (record
by record) where it isn't. Both give the same rows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import polars as pl

from synchub.api import BrokenRow, Field

from .cells import column_names, escaped, key_text, native_text, read_back, unescaped
from .decide import Changes
from .dialect import Dialect
from .pieces import Read, at_once, lines, pieces, reading, without_head
from .records import Record, records

Batch = tuple[pl.DataFrame, tuple[BrokenRow, ...]]
"""Rows as text, and the broken ones among them."""

CAREFUL_ROWS = 20_000


@dataclass(frozen=True)
class TextTable:
    """A CSV file. All its columns are text."""

    file: Path
    dialect: Dialect

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return column_names(self._header.fields or [], where=self.file.name)

    def fields(self) -> tuple[Field, ...]:
        return tuple(Field(column) for column in self.columns)

    def batches(self) -> Iterator[Batch]:
        """All rows but blank ones. Raises ConfigurationError if the header is not in order."""
        columns = self.columns
        with self.file.open("rb") as opened:
            read = without_head(reading(opened, self.dialect), self._head)
            yield from rows(read, columns, self.dialect.delimiter, name=self.file.name, line=self._head + 1)

    def refuse(self, value: Any) -> str:
        """Why a value can't be written to this file; blank if it can."""
        text = native_text(value)
        if "\0" in text:
            return "It holds a NUL character."
        try:
            text.encode(self.dialect.encoding)
        except UnicodeEncodeError as error:
            return f"{self.file.name} is written in {self.dialect.encoding}, which has no {text[error.start]!r}."
        return ""

    def form(self, value: Any) -> str:
        """A value as the file will hold it, before it is escaped."""
        return native_text(value)

    def rewrite(self, new: Path, changes: Changes, key: Sequence[str]) -> dict[str, str]:
        """Write the file with `changes` to `new`. Rows that don't change stay as they are, to the byte.

        Returns the keys of edits and removals that could not be done, with the reason.
        """
        found: set[str] = set()
        last = ""
        with self._text() as lines, new.open("wb") as raw:
            raw.write(self.dialect.bom)
            out = io.TextIOWrapper(raw, encoding=self.dialect.encoding, errors=self.dialect.errors, newline="")
            for last in self._rewritten(lines, changes, key, found):
                out.write(last)
            if changes.added and not last.endswith(("\n", "\r")):
                out.write(self.dialect.eol)
            for values in changes.added:
                out.write(self._line([escaped(values.get(column, "")) for column in self.columns]))
            out.flush()
        missed = (changes.edits.keys() | changes.removed) - found
        return dict.fromkeys(missed, "Its row has a field that is too long to be written again.")

    def _rewritten(self, lines: Iterator[str], changes: Changes, key: Sequence[str], found: set[str]) -> Iterator[str]:
        places = [self.columns.index(column) for column in key]
        for _ in range(self._head):
            yield next(lines, "")
        for record in records(lines, delimiter=self.dialect.delimiter, width=len(self.columns)):
            fields = record.fields
            if fields is None:
                yield record.raw
                continue
            name = key_text({column: unescaped(fields[at]) for column, at in zip(key, places, strict=True)}, key)
            if name in changes.removed:
                found.add(name)
            elif name in changes.edits:
                found.add(name)
                edit = changes.edits[name]
                line = self._line(
                    [
                        escaped(edit[column]) if column in edit else field
                        for column, field in zip(self.columns, fields, strict=True)
                    ]
                )
                yield line if record.raw.endswith(("\n", "\r")) else line.removesuffix(self.dialect.eol)
            else:
                yield record.raw

    def _line(self, cells: Iterable[str]) -> str:
        buffer = io.StringIO(newline="")
        csv.writer(
            buffer,
            delimiter=self.dialect.delimiter,
            lineterminator=self.dialect.eol,
            quoting=csv.QUOTE_ALL if self.dialect.quote_all else csv.QUOTE_MINIMAL,
        ).writerow(cells)
        return buffer.getvalue()

    @cached_property
    def _header(self) -> Record:
        with self._text() as lines:
            for _ in range(self.dialect.skip):
                next(lines)
            return next(records(lines, delimiter=self.dialect.delimiter, width=None))

    @property
    def _head(self) -> int:
        """How many lines stand before the first row."""
        end = "\r" if self.dialect.eol == "\r" else "\n"
        return self.dialect.skip + len(self._header.raw.removesuffix(end).split(end))

    @contextmanager
    def _text(self) -> Iterator[TextIO]:
        with self.file.open("rb") as opened:
            opened.seek(len(self.dialect.bom))
            newline = "\r" if self.dialect.eol == "\r" else "\n"
            yield io.TextIOWrapper(opened, encoding=self.dialect.encoding, errors=self.dialect.errors, newline=newline)


def rows(read: Read, columns: tuple[str, ...], delimiter: str, *, name: str, line: int) -> Iterator[Batch]:
    """The rows that `read` gives, of which the first stands in line `line` of the file `name`.

    Where a piece with quotes is not in order, nobody knows any more which quote opens and which one closes:
    from there on all is read record by record.
    """
    for data, beyond, whole in pieces(read):
        frame = at_once(data, columns, delimiter) if whole else None
        if frame is not None:
            yield read_back(frame), ()
        elif whole and b'"' not in data:
            yield from _carefully(lines(data, None), columns, delimiter, name=name, line=line)
        else:
            yield from _carefully(lines(data + beyond, read), columns, delimiter, name=name, line=line)
            return
        line += data.count(b"\n")


def _carefully(
    text: Iterator[str], columns: tuple[str, ...], delimiter: str, *, name: str, line: int
) -> Iterator[Batch]:
    found = records(text, delimiter=delimiter, width=len(columns), first=line)
    while some := list(islice(found, CAREFUL_ROWS)):
        good = [record.fields for record in some if record.fields is not None]
        frame = pl.DataFrame(good, schema=dict.fromkeys(columns, pl.String), orient="row")
        yield read_back(frame), tuple(record.broken(name) for record in some if record.reason)
