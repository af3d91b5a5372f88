"""Writing the plan: look, write down, send, record. Batch by batch, member beside member; it decides nothing new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import polars as pl

from synchub.api import CanLookup, CanWrite, Key, Operation, Result, Row
from synchub.errors import RetryLater, SynchubError
from synchub.mapping.keys import remote_ids
from synchub.mapping.native import native_frame
from synchub.mapping.plain import native_values
from synchub.model import AS, NATIVE, OVER, REMOTE, TO, VALUE, WAS
from synchub.plugins.guarded import guarded
from synchub.record import journal, known, reviews
from synchub.run.steps.doubles import seek
from synchub.run.steps.recording import record
from synchub.run.work import Part, Work
from synchub.write.batch import OPERATION, answers, by_remote_id, operations, stored_frame


@dataclass(slots=True)
class Done:
    """What was done with one member. `undone`: records that still differ and are to be looked at again. `missing`: rows
    were to be written that are not there any more; only a full read can tell that they are gone."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    failed: int = 0
    own_form: int = 0
    missing: bool = False
    undone: list[pl.Series] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""


def perform(work: Work, part: Part, frames: Iterable[pl.DataFrame], *, total: int) -> Done:
    """Send a member's operations. When the system gives up, the rest is left for the next run."""
    done = Done()
    step = f"writing {part.name}"
    work.progress.start(step, total)
    batch_size = max(part.stream.batch, 1)
    with work.seams.executor.behind() as behind:
        for batch in _batches(frames, batch_size):
            if done.problem or part.down:
                done.undone.append(batch["record"])
                continue
            with _or_undone(batch, done):
                landed = _send(work, part, batch, done)
                if landed is not None:
                    behind(partial(_record, work, part, landed, done))
            work.progress.advance(step, batch.height)
    work.progress.finish(step)
    return done


def _batches(frames: Iterable[pl.DataFrame], size: int) -> Iterator[pl.DataFrame]:
    """The operations in batches as large as the system takes them: some rewrite a whole file for each."""
    held: list[pl.DataFrame] = []
    for piece in (piece for frame in frames for piece in frame.iter_slices(size)):
        if held and sum(frame.height for frame in held) + piece.height > size:
            yield pl.concat(held, how="diagonal")
            held = []
        held.append(piece)
    if held:
        yield pl.concat(held, how="diagonal")


@contextmanager
def _or_undone(batch: pl.DataFrame, done: Done) -> Iterator[None]:
    """What breaks off is told, and its records are looked at again by the next run."""
    try:
        yield
    except SynchubError as problem:
        done.problem = done.problem or problem.line
        done.undone.append(batch["record"])


@dataclass(frozen=True, slots=True)
class _Answered:
    """A batch that was sent: its operations, what the system answered, and the rows as stored, as far as they are known."""

    sent: pl.DataFrame
    asked: Sequence[Operation]
    results: Sequence[Result]
    rows: Sequence[Row | None]


def _send(work: Work, part: Part, planned: pl.DataFrame, done: Done) -> _Answered | None:
    if not isinstance(part.connector, CanWrite):
        raise RetryLater(f"The system {part.member.system} can't be written.")
    planned = _still_due(work, part, planned, done)
    if planned.is_empty():
        return None
    written_down = _write_down(work, part, planned)
    work.seams.crash("journaled")
    asked = operations(written_down, part.stream, part.mapping.native_target, native_values, salt=work.salt)
    with guarded(part.name):
        results = part.connector.write(part.stream.name, asked)
    work.seams.crash("sent")
    if len(results) != len(asked):
        raise RetryLater(
            f"The connector of {part.member.system} gave {len(results)} results for {len(asked)} operations.",
            not_done="What it wrote is looked up by the next run.",
        )
    done.missing = done.missing or _missing(part, asked, results)
    return _Answered(written_down, asked, results, stored_rows(part, asked, results))


def _missing(part: Part, asked: Sequence[Operation], results: Sequence[Result]) -> bool:
    """Whether any of the rows that could not be written, and of which nothing was told, is not there any more."""
    names = [
        operation.remote_id
        for operation, result in zip(asked, results, strict=True)
        if operation.remote_id is not None and result.status == "conflict" and result.stored is None
    ]
    if not names or not isinstance(part.connector, CanLookup):
        return bool(names)
    rows = part.lookup([Key(",".join(part.mapping.keys), name) for name in names])
    return not set(names) <= set(by_remote_id(rows, part.mapping.keys, native_frame, remote_ids))


def _record(work: Work, part: Part, landed: _Answered, done: Done) -> None:
    """Record a batch, while the next one is being sent."""
    with _or_undone(landed.sent, done):
        told = answers(landed.sent["id"].to_list(), landed.results)
        record(work, part, landed.sent, told, stored_of(part, landed.sent, landed.rows), done)
        _keep_found(work, part, landed.results)
        work.seams.crash("recorded")


def _write_down(work: Work, part: Part, planned: pl.DataFrame) -> pl.DataFrame:
    """Journal the batch; returns it with the operations' numbers."""
    columns = [column for column in planned.columns if column.startswith((TO, AS, WAS, OVER))]
    with work.store.write() as tx:
        noted = journal.write_down(
            tx,
            planned.select(
                "record",
                "link",
                "remote_id",
                "kind",
                "version",
                run=pl.lit(work.run, dtype=pl.Int64),
                member=pl.lit(part.state.id, dtype=pl.Int64),
                at=pl.lit(work.seams.micros(), dtype=pl.Int64),
                change=pl.struct(columns).struct.json_encode(),
            ),
        )
    return planned.with_columns(noted["id"])


def _still_due(work: Work, part: Part, planned: pl.DataFrame, done: Done) -> pl.DataFrame:
    """Without operations that would overwrite what changed meanwhile, or create what is there already."""
    if not isinstance(part.connector, CanLookup):
        return planned
    creates = planned.filter(pl.col("kind") == "create")
    others = planned.filter(pl.col("kind") != "create")
    if not others.is_empty() and not part.stream.checks_before and part.stream.version is None:
        others = _unmoved(part, others, done)
    if not creates.is_empty() and not part.complete:
        creates = _not_there(work, part, creates, done)
    return pl.concat([others, creates])


def _unmoved(part: Part, planned: pl.DataFrame, done: Done) -> pl.DataFrame:
    """Operations whose record still holds what was planned against."""
    key = ",".join(part.mapping.keys)
    rows = part.lookup([Key(key, remote_id) for remote_id in planned["remote_id"].to_list()])
    present = by_remote_id(rows, part.mapping.keys, native_frame, remote_ids)
    listed = [present.get(remote_id) for remote_id in planned["remote_id"].to_list()]
    now = stored_frame(list(range(planned.height)), listed, part.mapping.natives, native_frame)
    places = pl.DataFrame({OPERATION: range(planned.height)}, schema={OPERATION: pl.Int64})
    now = places.join(now, on=OPERATION, how="left", maintain_order="left")
    moved = pl.Series([row is None for row in listed], dtype=pl.Boolean)
    done.missing = done.missing or bool(moved.any())
    removing = planned["kind"].is_in(["delete", "archive"])
    for name in part.mapping.outward_fields:
        was, there = planned[WAS + name], _there(part, name, planned, now)
        compared = (planned[TO + name].is_not_null() | (removing & was.is_not_null())) & there.is_not_null()
        if compared.any():
            before = part.mapping.comparable(name, was.fill_null(""))
            moved = moved | (compared & (before.fill_null("") != part.mapping.comparable(name, there).fill_null("")))
    if moved.any():
        done.undone.append(planned.filter(moved)["record"])
        done.notes.append(
            f"{part.name}: {moved.sum()} records changed there meanwhile; the next run decides about them anew"
        )
    return planned.filter(~moved)


def _there(part: Part, name: str, planned: pl.DataFrame, now: pl.DataFrame) -> pl.Series:
    """What is there now, in the native field that each operation writes."""
    found = now[part.mapping.native_target(name)]
    if OVER + name in planned.columns:
        for native in part.mapping.fields[name].natives:
            found = now[native].zip_with((planned[OVER + name] == native).fill_null(False), found)
    return found


def _not_there(work: Work, part: Part, creates: pl.DataFrame, done: Done) -> pl.DataFrame:
    """Creates for which a lookup by key finds nothing. What it finds is matched by the next run."""
    pairs, rows = seek(work, part, creates)
    if pairs.is_empty():
        return creates
    keep_rows(work, part, [rows[place] for place in pairs["other"].unique().sort().to_list()])
    hit = pl.int_range(pl.len(), dtype=pl.Int64).is_in(pairs["node"].implode())
    done.undone.append(creates.filter(hit)["record"])
    done.notes.append(f"{part.name}: {pairs['node'].n_unique()} records are there already; the next run matches them")
    return creates.filter(~hit)


def keep_rows(work: Work, part: Part, rows: Sequence[Row]) -> None:
    """Rows that were found by lookup and that no read delivered: the next run matches them, unless they are linked."""
    frame = native_frame(rows, part.mapping.natives)
    named = frame.with_columns(remote_ids(frame, part.mapping.keys).alias(REMOTE))
    with work.store.write() as tx:
        linked = known.rows_of_member(tx, part.state.id).select(REMOTE)
        reviews.set_aside(
            tx,
            named.join(linked, on=REMOTE, how="anti")
            .select(
                REMOTE,
                member=pl.lit(part.state.id),
                kind=pl.lit("found"),
                field=pl.lit(None, dtype=pl.String),
                value=pl.lit(None, dtype=pl.String),
                reason=pl.lit("found by key before a create"),
                cause=pl.lit("found"),
                raw=pl.struct(frame.columns).struct.json_encode(),
                idents=pl.lit(""),
            )
            .drop_nulls(REMOTE),
            run=work.run,
        )


def _keep_found(work: Work, part: Part, results: Sequence[Result]) -> None:
    rows = [result.stored for result in results if result.status == "conflict" and result.stored and result.remote_id]
    if rows:
        keep_rows(work, part, rows)


def stored_rows(part: Part, asked: Sequence[Operation], results: Sequence[Result]) -> Sequence[Row | None]:
    """What is stored now, row by row. Answers that don't say are looked up; None where it can't be known."""
    rows: list[Row | None] = []
    unsaid: dict[str, int] = {}
    enough: dict[tuple[object, ...], bool] = {}  # rows come with the same fields over and over
    for place, (operation, result) in enumerate(zip(asked, results, strict=True)):
        rows.append(result.stored if result.status in ("ok", "unchanged") else None)
        if result.status != "ok" or operation.kind not in ("create", "update"):
            continue
        told = (operation.kind, None if result.stored is None else tuple(result.stored), tuple(operation.values))
        if told not in enough:
            enough[told] = _says(part, operation, result)
        name = result.remote_id or operation.remote_id
        if not enough[told] and name is not None:
            unsaid[name] = place
    if unsaid and isinstance(part.connector, CanLookup):
        found = part.lookup([Key(",".join(part.mapping.keys), name) for name in unsaid])
        for name, row in by_remote_id(found, part.mapping.keys, native_frame, remote_ids).items():
            if name in unsaid:
                rows[unsaid[name]] = row
    return rows


def stored_of(part: Part, planned: pl.DataFrame, rows: Sequence[Row | None]) -> pl.DataFrame:
    """Stored rows as the mapping reads them: id, n.*, v.*."""
    frame = stored_frame(planned["id"].to_list(), rows, part.mapping.natives, native_frame)
    natives = _natives_of(part, frame)
    return natives.join(_values_of(part, frame, natives, planned), on="id", how="left", maintain_order="left")


def _values_of(part: Part, frame: pl.DataFrame, natives: pl.DataFrame, planned: pl.DataFrame) -> pl.DataFrame:
    """id, v.*: what stored rows mean, for those that are not just what was sent; the others need no second look."""
    names = [name for name in part.mapping.inward_fields if NATIVE + name in natives.columns]
    sent = planned.select("id", *(TO + name for name in names if TO + name in planned.columns))
    both = natives.join(sent, on="id", how="left", maintain_order="left")
    odd = [
        pl.col(NATIVE + name).is_not_null()
        & (pl.col(NATIVE + name) != (pl.col(TO + name) if TO + name in both.columns else pl.lit("")).fill_null(""))
        for name in names
    ]
    unlike = both.select(pl.any_horizontal(pl.lit(False), *odd)).to_series()
    mapped = part.mapping.inward(frame.filter(unlike)).frame
    ids = frame.filter(unlike).select(OPERATION).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    values = mapped.select("row", *(column for column in mapped.columns if column.startswith(VALUE)))
    return ids.rename({OPERATION: "id"}).join(values, on="row", how="left", maintain_order="left").drop("row")


def _natives_of(part: Part, frame: pl.DataFrame) -> pl.DataFrame:
    """id, n.*: the stored native text of each field, at the native field that it is written to or was read from."""
    columns = [frame[OPERATION].alias("id")]
    for name in part.mapping.inward_fields:
        sources = [frame[native] for native in part.mapping.fields[name].natives]
        if len(sources) == 1:
            columns.append(sources[0].alias(NATIVE + name))
        elif sources:
            filled = [pl.when(pl.lit(source) != "").then(pl.lit(source)) for source in sources]
            columns.append(frame.select(pl.coalesce(*filled, pl.lit(sources[0])).alias(NATIVE + name)).to_series())
    return pl.DataFrame(columns)


def _says(part: Part, operation: Operation, result: Result) -> bool:
    """Whether an answer tells all that must be known: after a create the whole record, else what was sent."""
    if result.stored is None:
        return False
    if operation.kind == "create":
        return all(name.split(".")[0] in result.stored or name in result.stored for name in part.mapping.natives)
    return all(name.split(".")[0] in result.stored or name in result.stored for name in operation.values)
