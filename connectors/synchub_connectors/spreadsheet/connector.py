"""The spreadsheet connector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel

from synchub.api import (
    ConfigurationError,
    Connector,
    Cursor,
    Host,
    Key,
    Operation,
    Page,
    Result,
    RetryLater,
    Row,
    Stream,
)

from .decide import Sheet, decide, given_key, present_key
from .dialect import find_dialect
from .files import (
    Place,
    check_workbook,
    fingerprint,
    places,
    refuse_if_open,
    replacing,
    same_file,
    touched,
)
from .search import by_key, by_question, next_number
from .settings import SpreadsheetSettings
from .text_table import TextTable
from .workbook import SheetTable, open_workbook

Table = TextTable | SheetTable

TRIES = 3
"""So often a write starts again because somebody saved the file in the middle of it."""
BATCH = 50_000
"""Every write rewrites the file: the fewer the better."""


class Spreadsheet(Connector):
    """CSV files and Excel workbooks. A key names a row: the column `key` of the settings, which has to be the
    mapping's key as well."""

    Config: ClassVar[type[BaseModel]] = SpreadsheetSettings

    def __init__(self, config: SpreadsheetSettings, host: Host) -> None:
        self._settings = config
        self._host = host
        self._opened: tuple[tuple[object, ...], SheetTable] | None = None

    def check(self) -> None:
        """Find the files and read their headers. Raises ConfigurationError."""
        sheets, faults = self._sheets()
        for fault in faults.values():
            raise fault
        for name, (place, sheet) in sheets.items():
            columns = self._table(place, sheet).columns
            missing = [column for column in self._settings.key_of(name, columns) if column not in columns]
            if missing:
                raise ConfigurationError(
                    f"{name} has no column {missing[0]!r}, which hub.toml calls its key.",
                    next_step=f"Correct key; the columns are: {', '.join(columns)}.",
                )

    def streams(self) -> Sequence[Stream]:
        """Every sheet and CSV file that can be read. Without a column that can be the key it is read only.

        A file or a sheet that is not in order is left out, with a warning, unless it is the only one.
        """
        sheets, faults = self._sheets()
        found = []
        for name, (place, sheet) in sheets.items():
            try:
                found.append(self._stream(name, self._table(place, sheet)))
            except ConfigurationError as error:
                faults[name] = error
        for fault in faults.values():
            if not found:
                raise fault
            self._host.log.warning("%s It is left out.", fault.happened)
        return found

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        """Every row, or a single page without rows if the file is the same as at `cursor`.

        A row that can't be parted into the columns of the header is broken: one with too few fields too,
        since nobody knows which is missing. As long as there is one the read is not complete: the record
        that it was would seem to be gone. Raises RetryLater if the file is saved while it is read.
        """
        place, sheet = self._find(stream)
        before = touched(place.file)
        mark = fingerprint(place.file, self._settings.model_dump_json() + stream)
        if cursor is not None and same_file(cursor, mark):
            yield Page(rows=[], fields=(), cursor=mark)
            return
        table = self._table(place, sheet)
        whole = True
        for frame, broken in table.batches():
            whole = whole and not broken
            yield Page(rows=frame, fields=table.columns, broken=broken)
        self._opened = None  # it takes as much memory as all of its cells
        if touched(place.file) != before:
            raise RetryLater(
                f"{place.file.name} was changed while it was read.",
                not_done="What was read of it does not count.",
            )
        yield Page(rows=[], fields=table.columns, cursor=mark, complete=whole)

    def lookup(self, stream: str, keys: Sequence[Key]) -> Sequence[Row]:
        """Rows by any column. Upper and lower case are the same: an address is found however it is typed."""
        return by_question(self._table(*self._find(stream)), keys)

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        """Rewrite the file in one step. A row that was changed since it was read is left alone: conflict."""
        place, sheet = self._find(stream)
        for _ in range(TRIES):
            refuse_if_open(place.file)
            before = touched(place.file)
            table = self._table(place, sheet)
            key = self._key(stream, table)
            changes, results = decide(operations, self._known(table, key, operations))
            if not changes:
                return results
            with replacing(place.file) as new:
                failed = table.rewrite(new, changes, key)
                if touched(place.file) == before:
                    return _without(failed, results)
                new.unlink()
        raise RetryLater(
            f"{place.file.name} is being changed again and again by somebody else.",
            not_done=f"{len(operations)} operations were not written to it.",
        )

    def _known(self, table: Table, key: tuple[str, ...], operations: Sequence[Operation]) -> Sheet:
        """What is to be known of the sheet to decide on these operations."""
        wanted = {present_key(operation.remote_id or "", key) for operation in operations}
        wanted |= {given_key(operation, key) for operation in operations}
        needs_keys = len(key) == 1 and any(
            operation.kind == "create" and key[0] not in operation.values for operation in operations
        )
        return Sheet(
            columns=table.columns,
            key=key,
            rows=by_key(table, key, wanted),
            form=table.form,
            refuse=table.refuse,
            new_key=self._new_keys(table, key[0]) if needs_keys else None,
        )

    def _new_keys(self, table: Table, column: str) -> Callable[[], str] | None:
        """What makes keys for new rows: the next number, or an id. An address can't be made up."""
        number = next_number(table, column)
        if number is None:
            return None if "mail" in column.lower() or "phone" in column.lower() else self._host.new_id
        numbers = iter(range(number, 2**63))
        return lambda: str(next(numbers))

    def _key(self, stream: str, table: Table) -> tuple[str, ...]:
        key = self._settings.key_of(stream, table.columns)
        if not key or not set(key) <= set(table.columns):
            raise ConfigurationError(
                f"It is not known which column names a row of {stream}.",
                not_done="Nothing was written to it.",
                next_step=f'Set key = "COLUMN" in [systems.{self._host.system}]. '
                f"The columns are: {', '.join(table.columns)}.",
            )
        return key

    def _stream(self, name: str, table: Table) -> Stream:
        key = self._settings.key_of(name, table.columns)
        return Stream(
            name=name,
            fields=table.fields(),
            key=key,
            matching_keys=table.columns,
            incremental=True,
            writes=frozenset({"create", "update", "delete"}) if key else frozenset(),
            batch=BATCH,
            checks_before=bool(key),
        )

    def _sheets(self) -> tuple[dict[str, tuple[Place, str]], dict[str, ConfigurationError]]:
        """Stream name to its file and its sheet; and what is wrong with files that could not be opened."""
        found: dict[str, tuple[Place, str]] = {}
        faults: dict[str, ConfigurationError] = {}
        for place in places(self._host.folder, self._settings.path):
            try:
                names = self._names(place)
            except ConfigurationError as error:
                faults[place.file.stem] = error
                continue
            for name, sheet in names:
                if name in found:
                    raise ConfigurationError(
                        f"{found[name][0].file.name} and {place.file.name} would both be stream {name!r}.",
                        next_step="Rename one of them.",
                    )
                found[name] = (place, sheet)
        return found, faults

    def _names(self, place: Place) -> list[tuple[str, str]]:
        if not place.is_workbook:
            return [(place.file.stem, "")]
        check_workbook(place.file)
        return [(f"{place.prefix}{sheet}", sheet) for sheet in open_workbook(place.file).sheet_names]

    def _find(self, stream: str) -> tuple[Place, str]:
        sheets, faults = self._sheets()
        if stream not in sheets:
            fault = faults.get(stream.partition("/")[0]) or next(iter(faults.values()), None)
            if fault:
                raise fault
            near = get_close_matches(stream, sheets, n=1)
            raise ConfigurationError(
                f"{self._settings.path} has no stream {stream!r}.",
                next_step=f"Did you mean {near[0]!r}?" if near else f"It has: {', '.join(sheets) or 'none'}.",
            )
        return sheets[stream]

    def _table(self, place: Place, sheet: str) -> Table:
        if place.is_workbook:
            return self._sheet(place.file, sheet)
        dialect = find_dialect(
            place.file,
            encoding=self._settings.encoding,
            delimiter=self._settings.delimiter,
            header_row=self._settings.header_row,
        )
        return TextTable(place.file, dialect)

    def _sheet(self, file: Path, sheet: str) -> SheetTable:
        """A sheet; the one that was looked at last is not loaded again while its file stays as it is."""
        asked = (file, sheet, touched(file))
        opened = self._opened  # sheets may be read side by side
        if opened is None or opened[0] != asked:
            opened = asked, SheetTable(file, sheet, self._settings.header_row, self._host.timezone)
            self._opened = opened
        return opened[1]


def _without(failed: dict[str, str], results: Sequence[Result]) -> list[Result]:
    """The results, with those rejected that turned out to be impossible when the file was written."""
    return [
        Result("rejected", result.remote_id, reason=failed[result.remote_id])
        if result.status == "ok" and result.remote_id in failed
        else result
        for result in results
    ]
