"""A small office: tables and a list that know the same people, and a hub over them whose settings a test may
change."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from acceptance.command import Hub

from synchub.testing.crm import StandInCrm

ANN = "ann@lee.example"
BOB = "bob@ray.example"
LONG_AGO = "2024-01-01 00:00:00"

Row = dict[str, Any]
Native = str | Mapping[str, Any]
"""How a mapping reads a field: from a native field of this name, or an inline table."""


@dataclass
class Table:
    """A table of people in a database file. Like a program would, it notes when a row was changed."""

    file: Path
    columns: Mapping[str, str]

    def __post_init__(self) -> None:
        listed = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        self.ask(f"CREATE TABLE people (id INTEGER PRIMARY KEY, changed_at TIMESTAMP, {listed})")

    def ask(self, statement: str, *values: Any) -> list[Row]:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement, values)]

    def add(self, at: str = LONG_AGO, **values: Any) -> int:
        """A row; returns its id."""
        names = ["changed_at", *values]
        statement = f"INSERT INTO people ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) RETURNING id"
        return int(self.ask(statement, at, *values.values())[0]["id"])

    def edit(self, email: str, **values: Any) -> None:
        """Somebody changes a row just now."""
        changes = {**values, "changed_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"}
        assert self.row(email)
        self.ask(
            f"UPDATE people SET {', '.join(f'{name} = ?' for name in changes)} WHERE email = ?",
            *changes.values(),
            email,
        )

    def remove(self, *emails: str) -> None:
        for email in emails:
            assert self.row(email)
            self.ask("DELETE FROM people WHERE email = ?", email)

    def rows(self) -> list[Row]:
        return self.ask("SELECT * FROM people ORDER BY id")

    def row(self, email: str) -> Row:
        """The row of a person; there must be just one."""
        (found,) = [row for row in self.rows() if row["email"] == email]
        return found

    def emails(self) -> list[str]:
        return sorted(row["email"] for row in self.rows())


@dataclass
class List:
    """A list of people in a CSV file. Nobody notes when a line was changed."""

    file: Path
    columns: Sequence[str]

    def __post_init__(self) -> None:
        self._write([])

    def rows(self) -> list[Row]:
        return list(csv.DictReader(io.StringIO(self.file.read_text(encoding="utf-8"))))

    def row(self, email: str) -> Row:
        (found,) = [row for row in self.rows() if row["email"] == email]
        return found

    def emails(self) -> list[str]:
        return sorted(row["email"] for row in self.rows())

    def add(self, **values: str) -> None:
        rows = self.rows()
        self._write([*rows, {"id": str(len(rows) + 1), **values}])

    def edit(self, email: str, **values: str) -> None:
        assert self.row(email)
        self._write([row | values if row["email"] == email else row for row in self.rows()])

    def remove(self, *emails: str) -> None:
        assert set(emails) <= set(self.emails())
        self._write([row for row in self.rows() if row["email"] not in emails])

    def _write(self, rows: Sequence[Row]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, ["id", *self.columns], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.file.write_text(text.getvalue(), encoding="utf-8")


@dataclass(frozen=True)
class Foreign:
    """A system of another kind: its settings, its stream, and the whole text of its mapping."""

    settings: Mapping[str, Any]
    stream: str
    mapping: str


def hubspot(crm: StandInCrm, *columns: str) -> Foreign:
    """The stand-in CRM, with these fields besides the email."""
    natives = {
        "first_name": "firstname",
        "last_name": "lastname",
        "job_title": "jobtitle",
        "city": "city",
        "phone": "phone",
    }
    fields = {"hub_id": "synchub_id", "email": "email", **{name: natives[name] for name in columns}}
    listed = "\n".join(f"{field} = {_toml(native)}" for field, native in fields.items())
    mapping = f'entity = "contact"\nkey = "hs_object_id"\nupdated_at = "lastmodifieddate"\n\n[fields]\n{listed}\n'
    return Foreign({"connector": "hubspot", "token": "env:CRM_TOKEN", "url": crm.url}, "contacts", mapping)


@dataclass
class Office:
    """The systems by name, and what hub.toml says of them. A test that changes a setting calls `settle`.

    `columns`: canonical field to SQL type; every system has them all under their own names unless `mappings`
    says otherwise. A system of `lists` is a CSV file, one of `foreign` what it says, all others are
    databases. `settings`: what hub.toml says of a database besides its address."""

    folder: Path
    columns: Mapping[str, str]
    systems: Sequence[str] = ("crm", "shop")
    lists: Sequence[str] = ()
    match: Sequence[str] = ("email",)
    fields: Mapping[str, Any] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    mappings: dict[str, dict[str, Native]] = field(default_factory=dict)
    consent_from: Sequence[str] = ()
    foreign: Mapping[str, Foreign] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hub: Hub = field(init=False)
    tables: dict[str, Table] = field(default_factory=dict)
    sheets: dict[str, List] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hub = Hub(self.folder)
        self.settle()

    def __getitem__(self, system: str) -> Table:
        return self.tables[system]

    def join(self, system: str, **member: Any) -> Table:
        """A further database takes part."""
        self.systems = [*self.systems, system]
        self.members[system] = member
        self.settle()
        return self.tables[system]

    def settle(self) -> None:
        """Write hub.toml and the mappings as they are to be now."""
        for name in self.systems:
            if name in self.foreign:
                self.hub.write(f"mappings/{name}.toml", self.foreign[name].mapping)
                continue
            self._open(name)
            mapped = {**{column: column for column in self.columns}, **self.mappings.get(name, {})}
            changed = "" if name in self.lists else 'updated_at = "changed_at"\n'
            listed = "\n".join(f"{field} = {_toml(native)}" for field, native in mapped.items() if native != "")
            self.hub.write(f"mappings/{name}.toml", f'entity = "contact"\nkey = "id"\n{changed}\n[fields]\n{listed}\n')
        self.hub.write("hub.toml", "\n".join(self._settings()))

    def _open(self, name: str) -> None:
        if name in self.lists and name not in self.sheets:
            self.sheets[name] = List(self.folder / f"{name}.csv", list(self.columns))
        elif name not in self.lists and name not in self.tables:
            self.tables[name] = Table(self.folder / f"{name}.db", self.columns)

    def _settings(self) -> list[str]:
        lines = ["[hub]", 'name = "office"', 'region = "DE"']
        for name in self.systems:
            lines += [
                f"[systems.{name}]",
                *(f"{key} = {_toml(value)}" for key, value in self._connector(name).items()),
            ]
        lines += [
            "[entities.contact]",
            f"match = {{ keys = {_toml(self.match)} }}",
            f"consent_from = {_toml(self.consent_from)}",
        ]
        lines += [
            "[entities.contact.fields]",
            *(f"{name} = {_toml(kind)}" for name, kind in self.fields.items()),
        ]
        lines += [
            "[entities.contact.rules]",
            *(f"{_toml(name)} = {_toml(rule)}" for name, rule in self.rules.items()),
        ]
        lines += ["[syncs.contacts]", 'entity = "contact"']
        for name in self.systems:
            stream = self.foreign[name].stream if name in self.foreign else name if name in self.lists else "people"
            member = {"stream": stream, "mapping": name, **self.members.get(name, {})}
            lines += [
                f"[syncs.contacts.members.{name}]",
                *(f"{key} = {_toml(value)}" for key, value in member.items()),
            ]
        return [*lines, ""]

    def _connector(self, name: str) -> Mapping[str, Any]:
        if name in self.foreign:
            return self.foreign[name].settings
        if name in self.lists:
            return {"connector": "spreadsheet", "path": f"{name}.csv", "key": "id"}
        return {"connector": "sql", "url": f"sqlite:///{name}.db", **self.settings.get(name, {})}

    def both(self, column: str, email: str = ANN, between: Sequence[str] = ("crm", "shop")) -> list[Any]:
        """What the databases hold in a column of a person."""
        return [self.tables[name].row(email)[column] for name in between]


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
