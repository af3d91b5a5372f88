"""What a process of its own costs a connector: `python benchmarks/isolated.py --rows 100000`.

The same people are read page by page in the hub's process and in one of its own: from a CSV file and from SQLite, which are
handed over as Arrow data, and by a drop-in as dictionaries. Processor seconds of both processes together, so that a busy machine
changes little; the middle one of several times.
"""

from __future__ import annotations

import argparse
import os
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from synchub.api import Connector
from synchub.plugins import load
from synchub.plugins.classes import connector_class, isolated_class
from synchub.testing.host import LocalHost

DROPIN = """
import csv
from pydantic import BaseModel
from synchub.api import Connector, ConnectorInfo, Field, Page, Stream, hookimpl

@hookimpl
def synchub_connectors():
    return [ConnectorInfo("rows", "rows:Rows")]

class Settings(BaseModel):
    path: str

class Rows(Connector):
    Config = Settings
    def __init__(self, config, host):
        self.file = host.folder / config.path
    def check(self):
        pass
    def streams(self):
        return [Stream("people", (Field("id"),), ("id",))]
    def read(self, stream, cursor, fields):
        with self.file.open() as file:
            rows = list(csv.DictReader(file))
        for start in range(0, len(rows), 1000):
            yield Page(rows[start:start + 1000], tuple(fields))
        yield Page([], tuple(fields), complete=True)
"""
FIELDS = ("id", "email", "first_name", "last_name", "phone", "company", "city", "country", "notes", "changed")


@dataclass
class Taken:
    """Seconds by the clock, and of all processors."""

    wall: float = 0.0
    processor: float = 0.0
    pages: list[int] = field(default_factory=list)


@contextmanager
def measured(taken: Taken) -> Iterator[None]:
    """Child processes count once they have ended, so let them end within."""

    def spent() -> float:
        both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in both)

    began, before = time.perf_counter(), spent()
    yield
    taken.wall, taken.processor = time.perf_counter() - began, spent() - before


def write(folder: Path, rows: int) -> None:
    """The same people as a CSV file and as a table."""
    people = [
        (str(n), f"p{n}@example.com", "Ann", f"Lee {n}", f"+4930{n:07}", "Acme", "Berlin", "DE", "x" * 40, "2024-05-01")
        for n in range(rows)
    ]
    lines = "\n".join(",".join(person) for person in [FIELDS, *people])
    (folder / "people.csv").write_text(lines + "\n", "utf-8")
    with closing(sqlite3.connect(folder / "people.db")) as database, database:
        database.execute(f"CREATE TABLE people ({', '.join(FIELDS)}, PRIMARY KEY (id))")
        database.executemany(f"INSERT INTO people VALUES ({', '.join('?' * len(FIELDS))})", people)


def read(kind: type[Connector], settings: dict[str, str], folder: Path, *, calls: int = 0) -> Taken:
    """Read the people once; or make that many calls and read nothing."""
    taken = Taken()
    with measured(taken):
        connector = kind(kind.Config.model_validate(settings), LocalHost("people", folder))
        for _ in range(calls):
            connector.check()
        if not calls:
            pages = connector.read("people", None, FIELDS)
            taken.pages = [len(cast("Sequence[object]", page.rows)) for page in pages]
        connector.close()
    return taken


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--times", type=int, default=5)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write(folder, asked.rows)
        for name, text in (("hub.toml", ""), ("plugins/rows.py", DROPIN)):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, "utf-8")
            (folder / name).chmod(0o600)
        found = load(folder).connectors
        file = {"path": "people.csv"}
        for name, settings in {"rows": file, "spreadsheet": file, "sql": {"url": "sqlite:///people.db"}}.items():
            both = (connector_class(found[name]), isolated_class(found[name], place=folder / "hub.toml"))
            for where, kind in zip(("inside", "isolated"), both, strict=True):
                for what, calls in (("to begin", 1), ("read", 0), *((("1001 calls", 1001),) if name == "rows" else ())):
                    taken = [read(kind, settings, folder, calls=calls) for _ in range(asked.times)]
                    middle = sorted(each.processor for each in taken)[asked.times // 2]
                    wall = sorted(each.wall for each in taken)[asked.times // 2]
                    told = f"{name:12} {where:9} {what:10} {middle:7.3f} processor s {wall:7.3f} s"
                    print(f"{told}  {sum(taken[-1].pages):7} rows, {len(taken[-1].pages)} pages", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    main()
