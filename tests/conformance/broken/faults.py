"""Broken connectors: each is the sound one with one fault that connectors really have."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from conformance.broken.sound import FIELDS, PAGE, WRITABLE, Sample, Settings
from pydantic import BaseModel, ConfigDict, SecretStr
from pydantic import Field as Setting

from synchub.api import (
    ConnectorInfo,
    Cursor,
    Field,
    Key,
    Operation,
    Page,
    RecordRejected,
    Result,
    Row,
    Stream,
    hookimpl,
)


@hookimpl
def synchub_connectors() -> list[ConnectorInfo]:
    return [
        ConnectorInfo(
            kind.__name__.lower(),
            f"conformance.broken.faults:{kind.__name__}",
            mappings=None if kind is WithoutMappings else "conformance.broken.mappings",
        )
        for kind in BROKEN
    ]


# Discovery


class Restless(Sample):
    """Its fields come in another order every time."""

    calls = itertools.count()

    def stream(self) -> Stream:
        made = super().stream()
        return replace(made, fields=made.fields[:: 1 if next(self.calls) % 2 else -1])


class Boastful(Sample):
    """It names a field for the time of change that it does not have."""

    def stream(self) -> Stream:
        return replace(super().stream(), updated_at="modified")


# Reading


class Unnamed(Sample):
    """Rows hold a field that the page does not name."""

    def stream(self) -> Stream:
        made = super().stream()
        return replace(made, fields=(*made.fields, Field("nickname", writable=False)))

    def shown(self, row: Row) -> Row:
        return {**row, "nickname": "Al"}


class Edited(Sample):
    """Changes the pages of a sound read."""

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        return iter(self.edited(list(super().read(stream, cursor, fields)), cursor))

    def edited(self, pages: list[Page], cursor: Cursor | None) -> list[Page]:
        return pages


class ShortSighted(Edited):
    """It takes the second page for the last."""

    def edited(self, pages: list[Page], cursor: Cursor | None) -> list[Page]:
        return pages if len(pages) < 3 else [pages[0], pages[-1]]


class FullHouse(Sample):
    """It takes the cursor from the last row, and there is none."""

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        if cursor is None:
            list(self.rows())[-1]
        return super().read(stream, cursor, fields)


class Hasty(Edited):
    """Every page has the cursor of the end."""

    def edited(self, pages: list[Page], cursor: Cursor | None) -> list[Page]:
        return [replace(page, cursor=pages[-1].cursor) for page in pages]


class Consuming(Sample):
    """What it has delivered it marks as fetched, until the read is done."""

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        marks = self.office.file.with_suffix(".marks")
        marked = set(json.loads(marks.read_text())) if marks.exists() else set()
        for page in list(super().read(stream, cursor, fields)):
            rows = [row for row in page.rows if row["id"] not in marked]  # type: ignore[union-attr]
            marked |= {row["id"] for row in rows}
            marks.write_text(json.dumps(sorted(marked)))
            yield replace(page, rows=rows)
        marks.unlink()


class Premature(Edited):
    """Every page says that the read is complete."""

    def edited(self, pages: list[Page], cursor: Cursor | None) -> list[Page]:
        return [replace(page, complete=True) if cursor is None else page for page in pages]


class PartForWhole(Edited):
    """A read of what changed says that it is complete."""

    def edited(self, pages: list[Page], cursor: Cursor | None) -> list[Page]:
        return [*pages[:-1], replace(pages[-1], complete=True)]


class Murderous(Edited):
    """What did not change since the cursor it tells as deleted."""

    def edited(self, pages: list[Page], cursor: Cursor | None) -> list[Page]:
        if cursor is None:
            return pages
        told = {row["id"] for page in pages for row in page.rows}  # type: ignore[union-attr]
        return [*pages[:-1], replace(pages[-1], deleted=tuple(name for name in self.rows() if name not in told))]


class Mute(Edited):
    """It declares that it tells of deletions, and does not."""

    def edited(self, pages: list[Page], cursor: Cursor | None) -> list[Page]:
        return [replace(page, deleted=()) for page in pages]


class Unaware(Mute):
    """It declares that it does not tell of deletions."""

    def stream(self) -> Stream:
        return replace(super().stream(), sees_deletes=False)


class Blinking(Sample):
    """It goes on behind the cursor, not at it."""

    def is_due(self, row: Row, since: str) -> bool:
        return bool(row["changed"] > since)


class Credulous(Sample):
    """It believes a cursor from the far future."""

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        since = cursor["since"] if cursor else ""
        rows = [row for row in self.rows().values() if row["changed"] >= since and "gone" not in row]
        gone = tuple(name for name, row in self.rows().items() if "gone" in row and row["changed"] >= since)
        end = {"since": max(self.host.now().isoformat(), since)}
        for start in range(0, len(rows), PAGE):
            yield Page([self.shown(row) for row in rows[start : start + PAGE]], FIELDS)
        yield Page([], FIELDS, cursor=end, complete=not since, deleted=gone if since else ())


class Late(Sample):
    """Its cursor is the time at which the read ended."""

    def cursor_at(self, began: str) -> str:
        return self.host.now().isoformat()


class Thorough(Sample):
    """It reads everything every time."""

    def is_due(self, row: Row, since: str) -> bool:
        return True


class Sketchy(Edited):
    """A read of what changed delivers half of the fields, and names all."""

    def edited(self, pages: list[Page], cursor: Cursor | None) -> list[Page]:
        if cursor is None:
            return pages
        return [
            replace(page, rows=[{**row, "name": None} for row in page.rows])  # type: ignore[union-attr]
            for page in pages
        ]


# Writing


class Sorting(Sample):
    """Results come in the order in which it writes: creates first."""

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        return [self.one(operation) for operation in sorted(operations, key=lambda each: each.kind)]


class AllOrNothing(Sample):
    """A record that is gone undoes the batch."""

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        before = self.rows()
        results = super().write(stream, operations)
        if len(results) > 1 and "it is gone" in {result.reason for result in results}:
            self.office.save(before)
            return [
                result if result.status != "ok" else Result("rejected", reason="others failed") for result in results
            ]
        return results


class Reviving(Sample):
    """A change of what is gone makes it anew."""

    def one(self, operation: Operation) -> Result:
        row = self.rows().get(operation.remote_id or "")
        if operation.kind == "update" and row is not None and "gone" in row:
            return self.create(replace(operation, kind="create"))
        return super().one(operation)


class Touchy(Sample):
    """It raises if what it is to delete is gone."""

    def one(self, operation: Operation) -> Result:
        if operation.kind == "delete" and "gone" in self.rows()[operation.remote_id or ""]:
            raise RecordRejected("it is gone")
        return super().one(operation)


class Doubling(Sample):
    """It makes a record of every create, whoever there is."""

    def create(self, operation: Operation) -> Result:
        return self.refused(operation) or self.done(self.office.put(None, operation.values, self.host.now()), operation)


class DoublingBlindly(Doubling):
    """The same, and there is nothing to find the first by."""

    def stream(self) -> Stream:
        return replace(super().stream(), matching_keys=())


class Selective(Sample):
    """It drops fields that it does not know."""

    def refused(self, operation: Operation) -> Result | None:
        known = {name: value for name, value in operation.values.items() if name in WRITABLE}
        return super().refused(replace(operation, values=known))

    def stored(self, values: Row) -> Row:
        return {name: value for name, value in values.items() if name in WRITABLE}


class Echoing(Sample):
    """It cuts what it stores, and says that it is stored as sent."""

    def stored(self, values: Row) -> Row:
        return {name: value and value[:100] for name, value in values.items()}

    def done(self, name: str, operation: Operation) -> Result:
        return replace(super().done(name, operation), stored=operation.values)


class Clinging(Sample):
    """It does not clear fields."""

    def stored(self, values: Row) -> Row:
        return {name: value for name, value in values.items() if value is not None}


class Replacing(Sample):
    """A change replaces the record."""

    def update(self, operation: Operation, row: Row) -> Result:
        whole = {**dict.fromkeys(WRITABLE), **operation.values}
        return super().update(replace(operation, values=whole), row)


class Overwriting(Sample):
    """It does not look at the version that it is given."""

    def update(self, operation: Operation, row: Row) -> Result:
        return super().update(replace(operation, version=None), row)


# Looking up


class Guessing(Sample):
    """It finds whatever begins with the text."""

    def answers(self, row: Row, key: Key) -> bool:
        return str(row[key.field] or "").lower().startswith(key.value.lower())


class Stingy(Sample):
    """It finds records without all of their fields."""

    def lookup(self, stream: str, keys: Sequence[Key]) -> Sequence[Row]:
        return [{**row, "name": None} for row in super().lookup(stream, keys)]


class Slow(Sample):
    """Its search learns of changes five seconds late, and it does not say so."""

    def answers(self, row: Row, key: Key) -> bool:
        return row["changed"] < self.host.now().isoformat() and super().answers(row, key)


# Hygiene


class Talkative(Sample):
    """It prints."""

    def streams(self) -> Sequence[Stream]:
        return super().streams()

    def check(self) -> None:
        print("checking…")  # noqa: T201


class Exhibiting(Sample):
    """Its repr shows the token."""

    def __repr__(self) -> str:
        return f"Exhibiting({self.config.token.get_secret_value()})"


class Logging(Sample):
    """It logs the token."""

    def check(self) -> None:
        self.host.log.debug("asking with %s", self.config.token.get_secret_value())


class LooseSettings(BaseModel):
    file: str
    token: SecretStr


class Loose(Sample):
    """Its settings are not described, and take what there is not."""

    Config = LooseSettings  # type: ignore[assignment]


class OpenSettings(Settings):
    token: str = Setting(description="What opens the door.")  # type: ignore[assignment]


class Open(Sample):
    """Its token is a plain text."""

    Config = OpenSettings


class PrintedSettings(Settings):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=False)


class Printing(Sample):
    """An error about its settings shows all of them."""

    Config = PrintedSettings


class Clumsy(Sample):
    """It can't be closed in the middle of a read."""

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        self.reading = stream
        try:
            yield from super().read(stream, cursor, fields)
        finally:
            del self.reading

    def close(self) -> None:
        if hasattr(self, "reading"):
            raise AttributeError("there is no connection")


class Unquoting(Sample):
    """It takes quotes out, and says that it does not."""

    def stored(self, values: Row) -> Row:
        return {name: value and value.replace("'", "") for name, value in values.items()}

    def done(self, name: str, operation: Operation) -> Result:
        return replace(super().done(name, operation), stored=operation.values)


class Ascii(Unquoting):
    """It stores plain ASCII, and says that it does not."""

    def stored(self, values: Row) -> Row:
        return {name: value and value.encode("ascii", "ignore").decode() for name, value in values.items()}


class Fragile(Sample):
    """A null byte breaks it."""

    def stored(self, values: Row) -> Row:
        return values

    def refused(self, operation: Operation) -> Result | None:
        if any("\x00" in str(value) for value in operation.values.values()):
            raise ValueError("embedded null byte")
        return super().refused(operation)


class Slim(Sample):
    """A large record breaks it."""

    def refused(self, operation: Operation) -> Result | None:
        if any(len(str(value)) > 1_000_000 for value in operation.values.values()):
            raise ValueError("request too large")
        return super().refused(operation)


# The line, and what people are told


class Serene(Sample):
    """If the system can't be reached it takes it for empty."""

    def rows(self) -> dict[str, dict[str, Any]]:
        try:
            return self.office.load()
        except OSError:
            return {}


class WithoutMappings(Sample):
    """It brings no mappings."""


BROKEN: dict[type[Sample], set[str]] = {
    Restless: {"stable-discovery"},
    Boastful: {"sound-streams"},
    Unnamed: {"plain-pages"},
    ShortSighted: {"reads-everything"},
    FullHouse: {"empty-is-no-fault"},
    Hasty: {"killed-and-resumed"},
    Consuming: {"killed-and-resumed"},
    Premature: {"half-read-is-not-complete"},
    PartForWhole: {"half-read-is-not-complete", "second-plan-is-empty"},
    Murderous: {"deletes-are-seen", "second-plan-is-empty"},
    Mute: {"deletes-are-seen", "deletes-from-a-cursor"},
    Unaware: {"deletes-from-a-cursor"},
    Blinking: {"equal-at-the-boundary"},
    Credulous: {"far-future-cursor"},
    Late: {"changes-during-a-read"},
    Thorough: {"only-what-changed"},
    Sketchy: {"second-plan-is-empty"},
    Sorting: {"one-result-each", "one-bad-row"},
    AllOrNothing: {"one-bad-row"},
    Reviving: {"gone-stays-gone"},
    Touchy: {"same-key-twice"},
    Doubling: {"creates-once"},
    DoublingBlindly: {"same-key-twice", "creates-once"},
    Selective: {"unknown-fields"},
    Echoing: {"read-back"},
    Clinging: {"clears"},
    Replacing: {"leaves-the-rest", "second-plan-is-empty"},
    Overwriting: {"checks-before"},
    Guessing: {"found-by-key"},
    Stingy: {"found-by-key"},
    Slow: {"found-at-once"},
    Talkative: {"nothing-on-stdout"},
    Exhibiting: {"no-secret-shown"},
    Logging: {"no-secret-shown"},
    Open: {"no-secret-shown"},
    Printing: {"no-secret-shown"},
    Loose: {"settings-described", "no-secret-shown"},
    Clumsy: {"closes-quietly"},
    Unquoting: {"hostile-names"},
    Ascii: {"scripts-and-emoji"},
    Fragile: {"null-bytes"},
    Slim: {"huge-records"},
    Serene: {"system-is-down"},
    WithoutMappings: {"suggested-mappings"},
}
"""Each fault, and the rules that name it; those that must are few."""
