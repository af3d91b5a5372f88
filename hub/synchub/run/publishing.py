"""What the hub knows, written where other programs read it: files of a folder, or tables of a database. All of it is made
anew and put in place at once: nobody sees half of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import polars as pl
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    MetaData,
    Table,
    Text,
    inspect,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateColumn

from synchub.errors import ConfigurationError
from synchub.record import bulk, store
from synchub.run.opening import Opened
from synchub.run.told.tables import Part, parts
from synchub.secrets import is_reference
from synchub.spec.answers import ExportReport
from synchub.spec.options import Format, Progress

_MARK = "synchub-export.json"
"""A file in the folder that says whose it is: no other folder is replaced."""
_PREFIX = "synchub_"
"""What the tables of a database begin with: no others are touched."""
_TYPES: dict[Any, Any] = {
    pl.String: Text,
    pl.Int64: BigInteger,
    pl.Float64: Float,
    pl.Boolean: Boolean,
    pl.Date: Date,
}


def export(hub: Opened, target: str, form: Format, progress: Progress) -> ExportReport:
    """Write everything to a folder, or to the database that a URL or a secret names."""
    if is_reference(target) or "://" in target:
        return _to_database(hub, hub.secrets.resolve_text(target), progress)
    return _to_folder(hub, Path(target), form, progress)


def _told(hub: Opened, progress: Progress, write: Callable[[Part], None]) -> dict[str, int]:
    rows: dict[str, int] = {}
    progress.start("exporting")
    with hub.store.read() as tx:
        for name, frame in parts(tx, hub):
            write((name, frame))
            rows[name] = rows.get(name, 0) + frame.height
            progress.advance("exporting", frame.height)
    progress.finish("exporting")
    return rows


def _to_folder(hub: Opened, folder: Path, form: Format, progress: Progress) -> ExportReport:
    with _replacing(folder) as new:
        numbers = count(1)

        def write(part: Part) -> None:
            name, frame = part
            (new / name).mkdir(exist_ok=True)
            file = new / name / f"{next(numbers):06}.{form}"
            frame.write_parquet(file) if form == "parquet" else frame.write_ipc(file)

        rows = _told(hub, progress, write)
        (new / _MARK).write_bytes(orjson.dumps({"tables": rows}))
    return ExportReport(str(folder), rows)


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """A new folder that takes the place of `folder` at the end. Only its owner may read it."""
    if folder.exists() and not (folder / _MARK).is_file() and not _is_empty(folder):
        raise ConfigurationError(
            f"{folder} is there already, and is no export of synchub.",
            not_done="Nothing was written.",
            next_step="Name a folder that is empty or not there yet.",
        )
    new, old = (folder.with_name(f".{folder.name}.{ending}") for ending in ("new", "old"))
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    try:
        new.mkdir(parents=True, mode=0o700)
        yield new
        if folder.exists():
            os.replace(folder, old)
        os.replace(new, folder)
    except OSError as error:
        raise ConfigurationError(
            f"{folder} can't be written: {error.strerror}.",
            not_done="What was there before is as it was.",
            next_step="Name a folder on a disk with room, where you may write.",
        ) from None
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _to_database(hub: Opened, url: str, progress: Progress) -> ExportReport:
    if not url.startswith(("sqlite:///", "postgresql")):
        raise ConfigurationError(
            "That is no database that can be exported to.",
            not_done="Nothing was written.",
            next_step="Name a folder, or a URL that begins with sqlite:/// or postgresql://.",
        )
    target = store.connect(url, hub.configuration.folder)
    made: set[str] = set()
    try:
        with _refused(store.shown(url)), target.engine.begin() as there:

            def write(part: Part) -> None:
                name, frame = part
                frame = _plain(frame, there)
                table = _table(name, frame)
                if name not in made:
                    _make_ready(there, table)
                    made.add(name)
                bulk.insert(there, table, frame)

            rows = _told(hub, progress, write)
    finally:
        target.close()
    return ExportReport(store.shown(url), {_PREFIX + name: height for name, height in rows.items()})


def _make_ready(there: Connection, table: Table) -> None:
    """Empty the table for what is new, within this transaction. It stays the same table, with the rights, views and indexes
    that people gave it, and whoever reads it meanwhile sees it as it was. A column that is no longer filled stays, empty."""
    inspector = inspect(there)
    if not inspector.has_table(table.name):
        table.create(there)
        return
    types = {column["name"]: column["type"] for column in inspector.get_columns(table.name)}
    if any(not isinstance(types[one.name], type(one.type)) for one in table.columns if one.name in types):
        table.drop(there)
        table.create(there)
        return
    name = there.dialect.identifier_preparer.format_table(table)
    for column in table.columns:
        if column.name not in types:
            there.exec_driver_sql(f"ALTER TABLE {name} ADD COLUMN {CreateColumn(column).compile(there)}")
    there.execute(table.delete())


@contextmanager
def _refused(target: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise ConfigurationError(
            f"{target} can't be written: {said}.",
            not_done="What was there before is as it was.",
            next_step="See that the database is up, and that its user may make tables there.",
        ) from None


def _table(name: str, frame: pl.DataFrame) -> Table:
    columns = [
        Column(column, DateTime(timezone=True) if isinstance(kind, pl.Datetime) else _TYPES[kind])
        for column, kind in frame.schema.items()
    ]
    return Table(_PREFIX + name, MetaData(), *columns)


def _plain(frame: pl.DataFrame, there: Connection) -> pl.DataFrame:
    """Lists as JSON; for SQLite, which has no times, those as text."""
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    frame = frame.with_columns(
        pl.Series(name, [None if one is None else orjson.dumps(one.to_list()).decode() for one in frame[name]])
        .cast(pl.String)
        .alias(name)
        for name in lists
    )
    if there.dialect.name != "sqlite":
        return frame
    moments = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    days = [name for name, kind in frame.schema.items() if kind == pl.Date]
    return frame.with_columns(
        *(pl.col(name).dt.strftime("%Y-%m-%d %H:%M:%S%.6f") for name in moments),
        *(pl.col(name).cast(pl.String) for name in days),
    )
