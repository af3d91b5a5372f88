"""What the hub and its systems are like now: `status`, and `streams` with samples."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

import orjson
import polars as pl
from sqlalchemy import Connection, func, select, text

from synchub.api import ArrowStream, Connector, Page, Stream
from synchub.errors import ConfigurationError, SynchubError
from synchub.mapping.native import native_frame
from synchub.plugins.guarded import guarded
from synchub.record import journal, members, reviews, scopes, tables
from synchub.record.members import MemberState
from synchub.run.opening import Opened
from synchub.run.told import timing
from synchub.run.told.recalling import look_at_runs, state_of
from synchub.run.told.storing import shown_store
from synchub.run.told.telling import aware
from synchub.spec.answers import MemberStatus, StatusReport, StreamField, StreamReport, SyncStatus
from synchub.spec.job import Member, Sync
from synchub.spec.reports import Waits

__all__ = ["look_at_runs", "look_at_status", "look_at_streams"]

SAMPLED = 200
"""Rows of the first page that are looked at."""
SAMPLES = 5
"""Different values of a field that are told."""
LONGEST = 80
"""Characters of a cursor or a sample that are told."""


def look_at_status(hub: Opened) -> StatusReport:
    """The hub at a glance, from the store and hub.toml; no system is asked."""
    with hub.store.read() as tx:
        states = {
            (entity, state.system, state.stream): state
            for entity in hub.configuration.entities
            for state in members.of_entity(tx, entity)
        }
        own = [(sync, member) for sync in hub.configuration.syncs.values() for member in sync.members]
        found = [(sync, member, states.get((sync.entity.name, member.system, member.stream))) for sync, member in own]
        return StatusReport(
            store=shown_store(hub),
            syncs=tuple(_sync(tx, hub, sync) for sync in hub.configuration.syncs.values()),
            members=tuple(_member(tx, hub, *each) for each in found),
            records=tuple(_records(tx)),
            waits=_waits(tx, found),
            notes=tuple(map(hub.redactor.redact, (*hub.plugins.problems, *hub.plugins.outdated))),
            paused=tuple(timing.paused(tx, hub)),
        )


def _sync(tx: Connection, hub: Opened, sync: Sync) -> SyncStatus:
    past = journal.runs(tx, sync.name, limit=1)
    following = timing.next_run(tx, hub, sync)
    if not past:
        return SyncStatus(sync.name, sync.entity.name, sync.schedule, next_run=following)
    ended = past[0]["ended"]
    return SyncStatus(
        sync.name,
        sync.entity.name,
        sync.schedule,
        str(past[0]["id"]),
        state_of(past[0]),
        None if ended is None else aware(ended, hub.configuration.settings.timezone),
        following,
    )


def _member(tx: Connection, hub: Opened, sync: Sync, member: Member, state: MemberState | None) -> MemberStatus:
    told = MemberStatus(sync.name, member.name, member.system, member.stream)
    if state is None:
        return told
    read = None if state.read_at is None else aware(state.read_at, hub.configuration.settings.timezone)
    cursor = orjson.dumps(state.cursor, default=str).decode() if state.cursor is not None else ""
    return replace(
        told,
        links=scopes.live_links(tx, state.id),
        last_read=read,
        problem=hub.redactor.redact(state.failed or ""),
        cursor=hub.redactor.redact(_cut(cursor)),
    )


def _records(tx: Connection) -> Iterator[tuple[str, int]]:
    """Records that a system holds, and events, by entity."""
    living = text(
        "SELECT entity, count(*) FROM record WHERE joined_into IS NULL AND EXISTS "
        "(SELECT 1 FROM link WHERE link.record = record.id AND link.tomb IS NULL) "
        "GROUP BY entity ORDER BY entity"
    )
    happened = text("SELECT entity, count(*) FROM event GROUP BY entity ORDER BY entity")
    for query in (living, happened):
        yield from ((entity, int(count)) for entity, count in tx.execute(query))


def _waits(tx: Connection, found: Sequence[tuple[Sync, Member, MemberState | None]]) -> Waits:
    counts = reviews.counts(tx)
    own = tables.operation
    waiting = tx.execute(select(func.count()).select_from(own).where(own.c.state == journal.OPEN)).scalar_one()
    asleep = (member.name for _, member, state in found if state and not state.accepted and member.direction != "in")
    return Waits(counts["review"], counts["quarantine"], int(waiting), tuple(dict.fromkeys(asleep)))


def _cut(shown: str) -> str:
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def look_at_streams(hub: Opened, system: str | None, stream: str | None, *, mapping: bool) -> Sequence[StreamReport]:
    """What the systems offer.

    A single stream is told with samples from its first page, and with a drafted mapping if one is asked for.
    Raises ConfigurationError for a name that isn't there. Of several systems, one that can't be reached is
    left out with a warning.
    """
    offered = _offered(hub, [_known(hub, system)] if system else list(hub.configuration.systems))
    chosen = [each for each in offered if stream in (None, each[2].name)]
    if stream and not chosen:
        raise _no_stream(system or "", stream, [each.name for _, _, each in offered])
    if len(chosen) != 1:
        return [_report(name, each) for name, _, each in chosen]
    name, connector, found = chosen[0]
    with guarded(name):
        fields, rows = _sampled(connector, found)
    report = _report(name, found, fields, rows)
    from synchub.run.told.drafting import draft  # the status needs none of it

    return [replace(report, mapping=draft(found, rows, hub.configuration) if mapping else "")]


def _offered(hub: Opened, systems: Sequence[str]) -> list[tuple[str, Connector, Stream]]:
    """System, connector and stream of all that can be reached. Raises what went wrong if nothing can."""
    offered: list[tuple[str, Connector, Stream]] = []
    problems = []
    for name in systems:
        try:
            connector = hub.connector(name)
            with guarded(name):
                offered += [(name, connector, each) for each in connector.streams()]
        except SynchubError as problem:
            problems.append(problem)
            told = hub.redactor.redact(problem.happened)
            logging.getLogger("synchub").warning("%s is left out: %s", name, told)
    if problems and not offered:
        raise problems[0]
    return offered


def _known(hub: Opened, system: str) -> str:
    if system not in hub.configuration.systems:
        raise ConfigurationError(
            f"There is no system {system}. There is: {', '.join(hub.configuration.systems) or 'none'}.",
            not_done="Nothing was read.",
            next_step="Correct the name, or add the system to hub.toml.",
        )
    return system


def _no_stream(system: str, stream: str, known: Sequence[str]) -> ConfigurationError:
    return ConfigurationError(
        f"{system} has no stream {stream}. It has: {', '.join(known) or 'none'}.",
        not_done="Nothing was read.",
        next_step=f"`synchub streams {system}` lists them.",
    )


def _sampled(connector: Connector, stream: Stream) -> tuple[tuple[str, ...], pl.DataFrame]:
    """The fields that are there, and the first rows as native text, a column a field.

    Reading ends with the first page that has rows.
    """
    declared = tuple(field.name for field in stream.fields)
    reading = connector.read(stream.name, None, declared)
    try:
        page = next((page for page in reading if len(_first(page))), None)
    finally:
        if isinstance(reading, Generator):
            reading.close()
    if page is None:
        return declared, native_frame([], declared)
    fields = tuple(dict.fromkeys([*declared, *page.fields]))
    return fields, native_frame(_first(page), fields)


def _first(page: Page) -> Sequence[dict[str, object]]:
    if isinstance(page.rows, ArrowStream):
        return pl.DataFrame(page.rows).head(SAMPLED).to_dicts()
    return [dict(row) for row in page.rows[:SAMPLED]]


def _report(system: str, stream: Stream, fields: Sequence[str] = (), rows: pl.DataFrame | None = None) -> StreamReport:
    declared = {field.name: field for field in stream.fields}
    told = [
        StreamField(
            field.name,
            field.type,
            field.writable,
            field.required,
            field.options,
            _samples(rows, field.name),
            field.summary,
        )
        for field in stream.fields
    ]
    told += [StreamField(name, "text", samples=_samples(rows, name)) for name in fields if name not in declared]
    return StreamReport(
        system,
        stream.name,
        stream.key,
        tuple(told),
        stream.matching_keys,
        stream.updated_at,
        stream.incremental,
        stream.sees_deletes,
        tuple(sorted(stream.writes)),
        write_only=stream.write_only,
    )


def _samples(rows: pl.DataFrame | None, name: str) -> tuple[str, ...]:
    if rows is None or name not in rows.columns:
        return ()
    filled = rows[name].drop_nulls()
    return tuple(
        _cut(value) for value in filled.filter(filled != "").unique(maintain_order=True).head(SAMPLES).to_list()
    )
