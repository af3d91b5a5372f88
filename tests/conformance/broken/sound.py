"""A sound connector to a system that is a file. The broken ones differ from it in one way each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr
from pydantic import Field as Setting

from synchub.api import (
    Connector,
    ConnectorInfo,
    Cursor,
    Field,
    Host,
    Key,
    Operation,
    Page,
    Result,
    RetryLater,
    Row,
    Stream,
    hookimpl,
)

FIELDS = ("id", "email", "name", "note", "changed", "etag")
WRITABLE = ("email", "name", "note")
PAGE = 10
LARGEST = 1_000_000


@hookimpl
def synchub_connectors() -> list[ConnectorInfo]:
    return [ConnectorInfo("sample", "conformance.broken.sound:Sample", mappings="conformance.broken.mappings")]


class Office:
    """The system: people in a file of JSON. Rows are never forgotten: those that are gone have a mark."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def load(self) -> dict[str, dict[str, Any]]:
        if self.file.with_suffix(".down").exists():
            raise OSError("the office is closed")
        return json.loads(self.file.read_text("utf-8")) if self.file.exists() else {}

    def save(self, rows: Mapping[str, Any]) -> None:
        self.file.write_text(json.dumps(rows), "utf-8")

    def put(self, name: str | None, values: Row, at: datetime) -> str:
        """Make or change a row."""
        rows = self.load()
        name = name or str(len(rows) + 1)
        before = rows.get(name, dict.fromkeys(FIELDS))
        etag = str(int(before["etag"] or 0) + 1)
        rows[name] = {**before, **values, "id": name, "changed": at.isoformat(), "etag": etag}
        self.save(rows)
        return name

    def remove(self, name: str, at: datetime) -> None:
        rows = self.load()
        rows[name] = {"gone": True, "changed": at.isoformat()}
        self.save(rows)


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    file: str = Setting(description="Where the people are.")
    token: SecretStr = Setting(description="What opens the door.")


class Sample(Connector):
    """Does everything that a connector can do, and nothing wrong."""

    Config = Settings

    def __init__(self, config: Settings, host: Host) -> None:
        self.config = config
        self.host = host
        self.office = Office(host.folder / config.file)

    def check(self) -> None:
        self.rows()

    def streams(self) -> Sequence[Stream]:
        return [self.stream()]

    def stream(self) -> Stream:
        return Stream(
            "people",
            tuple(Field(name, writable=name in WRITABLE) for name in FIELDS),
            key=("id",),
            matching_keys=("email",),
            updated_at="changed",
            version="etag",
            incremental=True,
            sees_deletes=True,
            writes=frozenset({"create", "update", "delete"}),
        )

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        rows = self.rows()
        now = self.host.now().isoformat()
        since = cursor["since"] if cursor and cursor["since"] <= now else ""
        told = {name: row for name, row in rows.items() if self.is_due(row, since)}
        alive = [row for row in told.values() if "gone" not in row]
        pages = [alive[start : start + PAGE] for start in range(0, len(alive), PAGE)] or [[]]
        gone = tuple(name for name, row in told.items() if "gone" in row) if since else ()
        for page in pages[:-1]:
            yield Page([self.shown(row) for row in page], FIELDS)
        yield Page(
            [self.shown(row) for row in pages[-1]],
            FIELDS,
            cursor={"since": self.cursor_at(now)},
            complete=not since,
            deleted=gone,
        )

    def lookup(self, stream: str, keys: Sequence[Key]) -> Sequence[Row]:
        rows = [row for row in self.rows().values() if "gone" not in row]
        return [self.shown(row) for row in rows if any(self.answers(row, key) for key in keys)]

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        return [self.one(operation) for operation in operations]

    # What the broken ones do in another way

    def is_due(self, row: Row, since: str) -> bool:
        return row["changed"] >= since

    def cursor_at(self, began: str) -> str:
        return began

    def shown(self, row: Row) -> Row:
        return dict(row)

    def answers(self, row: Row, key: Key) -> bool:
        return str(row[key.field] or "").lower() == key.value.lower()

    def one(self, operation: Operation) -> Result:
        row = self.rows().get(operation.remote_id or "")
        if operation.kind == "create":
            return self.create(operation)
        if row is None or "gone" in row:
            return Result("conflict", operation.remote_id, reason="it is gone")
        if operation.kind == "delete":
            self.office.remove(row["id"], self.host.now())
            return Result("ok", row["id"])
        return self.update(operation, row)

    def create(self, operation: Operation) -> Result:
        refused = self.refused(operation)
        if refused is not None:
            return refused
        for row in self.rows().values():
            if row.get("email") and row["email"] == operation.values.get("email"):
                return Result("conflict", row["id"], stored=self.shown(row), reason="somebody has this address")
        return self.done(self.office.put(None, self.stored(operation.values), self.host.now()), operation)

    def update(self, operation: Operation, row: Row) -> Result:
        if operation.version not in (None, row["etag"]):
            return Result("conflict", row["id"], stored=self.shown(row), reason="it was changed")
        refused = self.refused(operation)
        if refused is not None:
            return refused
        return self.done(self.office.put(row["id"], self.stored(operation.values), self.host.now()), operation)

    def refused(self, operation: Operation) -> Result | None:
        for name, value in operation.values.items():
            if name not in WRITABLE:
                return Result("rejected", operation.remote_id, reason=f"there is no field {name}", field=name)
            if len(str(value)) > LARGEST or "\x00" in str(value):
                return Result("rejected", operation.remote_id, reason="this can't be stored", field=name)
        return None

    def stored(self, values: Row) -> Row:
        return values

    def done(self, name: str, operation: Operation) -> Result:
        row = self.rows()[name]
        return Result("ok", name, version=row["etag"], stored=self.shown(row))

    def rows(self) -> dict[str, dict[str, Any]]:
        try:
            return self.office.load()
        except OSError as error:
            raise RetryLater(f"{self.host.system} can't be reached.", next_step="Wait.") from error
