"""The store itself: brought up to date, copied, and looked over. Addresses are shown without passwords."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from synchub.config.environment import store_url
from synchub.errors import ConfigurationError, FatalError, RetryLater
from synchub.record import store
from synchub.record.codec import is_torn
from synchub.record.lock import hold
from synchub.run.opening import Opened
from synchub.spec.answers import StoreReport

_GONE: Final = "NOT EXISTS (SELECT 1 FROM {other} WHERE {other}.id = {table}.{column})"

_DANGLING: Final = (
    ("link", "member", "member", "links of members that are not there"),
    ("claim", "link", "link", "claims on links that are not there"),
    ("claim", "record", "record", "decisions of people on records that are not there"),
    ("history", "link", "link", "earlier values of links that are not there"),
    ("form", "link", "link", "notes on how systems treat values, of links that are not there"),
    ("ident", "record", "record", "keys of records that are not there"),
    ("record", "joined_into", "record", "records joined into others that are not there"),
    ("operation", "member", "member", "journal entries of members that are not there"),
    ("operation", "run", "run", "journal entries of runs that are not there"),
    ("claim", "run", "run", "claims of runs that are not there"),
    ("link", "first_run", "run", "links of runs that are not there"),
    ("history", "run", "run", "earlier values of runs that are not there"),
    ("review", "run", "run", "questions of runs that are not there"),
    ("event", "member", "member", "events of members that are not there"),
    ("event", "record", "record", "events of contacts that are not there"),
)
"""Table, column, the table whose id it names, and what is wrong where there is no such id."""

_WRONG: Final = (
    (
        "links of records or events that are not there",
        "SELECT count(*) FROM link WHERE NOT EXISTS (SELECT 1 FROM record WHERE record.id = link.record) "
        "AND NOT EXISTS (SELECT 1 FROM event WHERE event.id = link.record)",
    ),
    (
        "links of records that were joined into others",
        "SELECT count(*) FROM link JOIN record ON record.id = link.record WHERE record.joined_into IS NOT NULL",
    ),
    ("claims that belong to nothing", "SELECT count(*) FROM claim WHERE link IS NULL AND record IS NULL"),
    (
        "records joined into others that were joined themselves",
        "SELECT count(*) FROM record one JOIN record other ON other.id = one.joined_into "
        "WHERE other.joined_into IS NOT NULL",
    ),
)
_NUMBERED: Final = (
    *(
        (name, "id", name)
        for name in (
            "record",
            "link",
            "member",
            "run",
            "operation",
            "review",
            "aside",
            "history",
            "saved_plan",
        )
    ),
    ("event", "id", "record"),
    ("claim", "seq", "claim"),
)
"""Table, column, and the counter that hands its numbers out."""
_JSON: Final = (("run", "summary"),)
_PACKED: Final = (("record", "golden"), ("link", "said"), ("link", "held"), ("event", "body"), ("operation", "change"))
_OLDER: Final = {"change": " AND NOT json_valid(change)"}
"""What earlier versions of synchub wrote as JSON."""


def shown_store(hub: Opened) -> str:
    """The store's address without its password."""
    return hub.redactor.redact(store.shown(_url(hub)))


def upgrade_store(hub: Opened) -> StoreReport:
    """Bring the store to this version. SQLite is backed up before. Raises BusyError while a run goes on."""
    with closing(store.connect(_url(hub), hub.configuration.folder)) as opened:
        present, newest = _versions(opened)
        _refuse_newer(present, newest)
        if present == newest:
            return StoreReport(shown_store(hub), "The store is up to date.")
        with ExitStack() as held:
            for entity in _entities(opened) if present else []:
                held.enter_context(hold(opened, entity, f"a run of {entity}"))
            backup = store.backup(opened, hub.seams.clock()) if present and opened.file else None
            with opened.write() as tx:
                applied = store.migrate(tx, hub.seams.micros())
    done = "The store was made." if not present else f"The store was brought up to date: {', '.join(applied)}."
    return StoreReport(shown_store(hub), done, backup)


def back_up_store(hub: Opened, file: Path | None) -> StoreReport:
    """Copy an SQLite store, also while it is in use.

    Raises ConfigurationError if there is none, or if `file` is there already.
    """
    if _missing(hub):
        raise ConfigurationError(
            "There is no store yet.",
            not_done="No backup was made.",
            next_step="The first `synchub plan` or `synchub sync` makes it.",
        )
    with closing(store.connect(_url(hub), hub.configuration.folder)) as opened:
        written = store.backup(opened, hub.seams.clock(), file)
    return StoreReport(shown_store(hub), "The store was backed up.", written)


def check_store(hub: Opened) -> StoreReport:
    """Look whether the store is whole and fits this version. Changes nothing."""
    if _missing(hub):
        return StoreReport(shown_store(hub), "There is no store yet; the first plan or sync makes it.")
    problems: list[str] = []
    notes: list[str] = []
    try:
        with closing(store.connect(_url(hub), hub.configuration.folder)) as opened:
            problems += _readable_by_others(opened.file)
            present, newest = _versions(opened)
            problems += _version_problems(opened, present, newest)
            notes += _version_notes(opened, present, newest)
            if present == newest:
                with opened.read() as tx:
                    problems += _problems(tx)
                    notes.append(_counts(tx))
    except (FatalError, RetryLater) as error:  # it can't be reached, or is so damaged that it can't be asked
        problems.append(error.happened)
    happened = "There is something wrong with the store." if problems else "The store is whole."
    return StoreReport(shown_store(hub), happened, None, tuple(map(hub.redactor.redact, problems)), tuple(notes))


def _url(hub: Opened) -> str:
    return store_url(hub.configuration, environ=hub.environ, secrets=hub.secrets)


def _missing(hub: Opened) -> bool:
    """Whether there is no file yet; to connect would make one."""
    file = store.file_of(_url(hub), hub.configuration.folder)
    return file is not None and not file.exists()


def _versions(opened: store.Store) -> tuple[int, int]:
    with opened.read() as tx:
        return store.version(tx), store.migrations()[-1][0]


def _refuse_newer(present: int, newest: int) -> None:
    if present > newest:
        raise ConfigurationError(
            "The store was written by a newer version of synchub.",
            not_done="Nothing was changed.",
            next_step="Install that version, or one after it.",
        )


def _entities(opened: store.Store) -> list[str]:
    with opened.read() as tx:
        return [str(name) for name in tx.execute(text("SELECT DISTINCT entity FROM member ORDER BY entity")).scalars()]


def _readable_by_others(file: Path | None) -> Iterator[str]:
    if file is not None and file.stat().st_mode & 0o077:
        yield f"Others than its owner can read the store: run `chmod 600 {file}`."


def _version_problems(opened: store.Store, present: int, newest: int) -> Iterator[str]:
    if present > newest:
        yield "It was written by a newer version of synchub: install that version, or one after it."
    elif present < newest and opened.file is None:
        yield "It is empty or older than this version of synchub: run `synchub store upgrade`."


def _version_notes(opened: store.Store, present: int, newest: int) -> Iterator[str]:
    if present < newest and opened.file is not None:
        yield (
            "It is older than this version of synchub; the next command brings it up to date, after a backup."
            if present
            else "It is empty."
        )


def _problems(tx: Connection) -> Iterator[str]:
    """Everything that does not fit together, one sentence each."""
    if tx.dialect.name == "sqlite":
        found = [str(line) for line in tx.execute(text("PRAGMA integrity_check(20)")).scalars()]
        yield from (f"SQLite finds damage: {line}." for line in found if line != "ok")
        queries = [
            (
                f"unreadable values in {table}.{column}",
                f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL AND NOT json_valid({column})",
            )
            for table, column in _JSON
        ]
        for table, column in _PACKED:
            torn = f"SELECT count(*) FROM {table} WHERE {is_torn(column)}{_OLDER.get(column, '')}"
            queries.append((f"unreadable values in {table}.{column}", torn))
        yield from _found(tx, queries)
    yield from _found(tx, [(what, _dangling(table, column, other)) for table, column, other, what in _DANGLING])
    yield from _found(tx, list(_WRONG))
    for table, column, counter in _NUMBERED:
        largest = int(tx.execute(text(f"SELECT coalesce(max({column}), 0) FROM {table}")).scalar_one())
        if largest >= store.peek(tx, counter):
            yield f"The next number of the table {table} is taken already ({largest})."


def _dangling(table: str, column: str, other: str) -> str:
    gone = _GONE.format(table=table, column=column, other=other)
    if other == table:
        gone = f"NOT EXISTS (SELECT 1 FROM {other} other WHERE other.id = {table}.{column})"
    return f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL AND {gone}"


def _found(tx: Connection, queries: list[tuple[str, str]]) -> Iterator[str]:
    for what, query in queries:
        count = int(tx.execute(text(query)).scalar_one())
        if count:
            yield f"{count:,} {what}."


def _counts(tx: Connection) -> str:
    tables = ("record", "link", "claim", "event", "operation")
    counted = {name: int(tx.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()) for name in tables}
    return f"It holds {', '.join(f'{count:,} {name}s' for name, count in counted.items())}."
