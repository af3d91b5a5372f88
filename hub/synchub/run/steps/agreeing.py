"""Merging and planning, a bucket of records at a time: golden is stored, and what is to be sent is laid down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import polars as pl
from sqlalchemy import Connection

from synchub.merge.golden import merge
from synchub.model import HELD
from synchub.plan.guard import Load
from synchub.plan.operations import plan_member
from synchub.plan.situation import Planned, Situation
from synchub.read.shelf import Laid
from synchub.record import intake, known, marks, reviews
from synchub.record.epochs import History
from synchub.run.steps.confirming import NO, Queue, let_go, queue_of
from synchub.run.steps.doubles import without_doubles
from synchub.run.steps.keeping import golden_of, keep
from synchub.run.steps.keying import notice_golden
from synchub.run.steps.unready import Unready, unready
from synchub.run.told.showing import Basis, Shown, show
from synchub.run.work import Part, Work


@dataclass(slots=True)
class Decision:
    """The plan as it was laid down: per member the frames of its operations, their counts, and what people are shown."""

    frames: dict[str, list[Laid]] = field(default_factory=dict)
    kinds: dict[str, dict[str, int]] = field(default_factory=dict)
    unsent: dict[str, int] = field(default_factory=dict)
    opt_outs: dict[str, int] = field(default_factory=dict)
    waiting: list[pl.Series] = field(default_factory=list)
    """Records that a member is still to be told of: it can't be reached, or one of its rows must be told apart first."""
    shown: Shown = field(default_factory=Shown)
    records: int = 0
    made: dict[str, list[pl.Series]] = field(default_factory=dict)
    """Per member the hashes of the keys of what is to be made there, and of what is there and not believed: nobody is made twice."""
    queues: dict[str, Queue] = field(default_factory=dict)
    spoken_for: dict[str, int] = field(default_factory=dict)
    """Deletes of each member that are not the guard's to stop: a person said yes to them, or is asked."""

    def operations(self, member: str, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """A member's operations, a frame at a time; only some columns, if that is enough."""
        for laid in self.frames.get(member, []):
            yield laid.taken(columns)

    def count(self, member: str, operations: pl.DataFrame) -> None:
        """Count a frame of a member's operations, those that only carry an opt-out apart."""
        kinds = self.kinds.setdefault(member, {})
        for kind, count in operations["kind"].value_counts().rows():
            kinds[kind] = kinds.get(kind, 0) + count
        sent = [column for column in operations.columns if column.startswith("to.")]
        others = [pl.col(column).is_not_null() for column in sent if column not in ("to.opted_out", "to.consent_at")]
        only = operations.filter((pl.col("kind") == "update") & ~pl.any_horizontal(pl.lit(False), *others))
        self.opt_outs[member] = self.opt_outs.get(member, 0) + only.height
        if member in self.queues:
            spoken_for = self.queues[member].uncounted(operations).height
            self.spoken_for[member] = self.spoken_for.get(member, 0) + spoken_for

    def load(self, part: Part, links: int) -> Load:
        """What the guard looks at."""
        kinds = self.kinds.get(part.name, {})
        return Load(
            part.member,
            kinds.get("create", 0),
            kinds.get("update", 0) - self.opt_outs.get(part.name, 0),
            kinds.get("delete", 0) + kinds.get("archive", 0) - self.spoken_for.get(part.name, 0),
            links,
        )


def agree(
    tx: Connection, work: Work, epochs: History, shown: Mapping[str, list[pl.Series]], fresh: range, *, recomputed: bool
) -> Decision:
    """Merge and plan every record that this sync is to look at. Its marks on those with nothing to send are taken off.

    `fresh`: the numbers of new records, which are stored here. `shown`: per member the hashes of keys under which nobody is
    made there, because a row shows them that is not believed.
    """
    decision = Decision(made={name: list(hashes) for name, hashes in shown.items()})
    known_ones = marks.marked(tx, work.entity.name, work.mark)
    marked = pl.concat([known_ones, pl.int_range(fresh.start, fresh.stop, dtype=pl.Int64, eager=True)])
    waits = {part.name: unready(tx, part, work.clock) for part in work.parts}
    decision.queues = {part.name: queue_of(tx, work, part) for part in work.parts}
    work.progress.start("deciding", len(marked))
    for start in range(0, len(marked), work.seams.bucket):
        numbers = marked.slice(start, work.seams.bucket)
        records = _records(tx, work, numbers, fresh)
        _bucket(tx, work, epochs, records, waits, decision, recomputed=recomputed)
        work.progress.advance("deciding", len(numbers))
    work.progress.finish("deciding")
    decision.records = len(marked)
    return decision


def _records(tx: Connection, work: Work, numbers: pl.Series, fresh: range) -> pl.DataFrame:
    """What is known of the records, new ones too: the table's rows, and a column a field."""
    new, names = (numbers >= fresh.start) & bool(fresh), work.entity.golden_fields
    return pl.concat(
        [
            known.goldens(tx, numbers.filter(~new), names),
            known.fresh(numbers.filter(new), work.entity.name, names, run=work.run),
        ]
    )


def _bucket(
    tx: Connection,
    work: Work,
    epochs: History,
    records: pl.DataFrame,
    waits: dict[str, Unready],
    decision: Decision,
    *,
    recomputed: bool,
) -> None:
    names = work.entity.golden_fields
    links = known.links_of(tx, records["id"])
    said, later = known.claims_of(tx, records, links, work.places)
    merged = merge(
        said,
        later,
        work.entity,
        epochs=epochs,
        rules=work.rules,
        run=work.run,
        agreed=records.select(record="id", *names),
    )
    golden = golden_of(work, records, merged)
    basis = Basis(golden, merged, said, later)
    doomed = _doomed(tx, records, said, later, links)
    living = golden.join(links.filter(pl.col("tomb").is_null()).select("record").unique(), on="record", how="semi")
    opened = merged.verdicts.filter(pl.col("open")).select("record", "field")
    idle = golden.select("record")
    for part in work.parts:
        follows = _follows(tx, part, links, doomed, decision)
        planned = _plan_part(tx, work, part, living, links, opened, follows, waits[part.name])
        planned = without_doubles(tx, work, part, planned, living, decision.made.setdefault(part.name, []))
        idle = idle.join(planned.operations.select("record"), on="record", how="anti")
        waiting = planned.unsent.filter(pl.col("field") == "").select("record")
        decision.waiting.append(waiting["record"])
        idle = idle.join(waiting, on="record", how="anti")
        _put_down(work, part, planned, decision)
        show(decision.shown, part, planned, basis, work, recomputed=recomputed)
    decision.shown.add_conflicts(basis, work)
    _ask(tx, work, records["id"], opened)
    changed = keep(tx, work, records, golden, idle["record"])
    notice_golden(tx, work, changed, records, links)


def _follows(tx: Connection, part: Part, links: pl.DataFrame, doomed: pl.DataFrame, decision: Decision) -> pl.DataFrame:
    """Of the records deleted elsewhere those that this member is to follow: not where a person said no."""
    own = links.filter(pl.col("member") == part.state.id)
    ignores = part.member.on_delete == "ignore"
    queue = let_go(tx, decision.queues[part.name], own, doomed.head(0) if ignores else doomed)
    decision.queues[part.name] = queue
    kept = own.filter(pl.col("id").is_in(queue.with_answer(NO).implode()))
    return doomed.join(kept, on="record", how="anti")


def _ask(tx: Connection, work: Work, numbers: pl.Series, opened: pl.DataFrame) -> None:
    """A person is asked about every field whose question is open; those of these records that no longer are, close."""
    asked = (
        opened.unique().sort("record", "field").select("record", "field", subject=pl.format("{}:{}", "record", "field"))
    )
    reviews.ask(tx, work.entity.name, "ask", asked, run=work.run)
    reviews.close_missing(tx, work.entity.name, "ask", asked["subject"], records=numbers)


def _doomed(
    tx: Connection, records: pl.DataFrame, said: list[pl.DataFrame], later: pl.DataFrame, links: pl.DataFrame
) -> pl.DataFrame:
    """Records deleted somewhere. An edit elsewhere since the last agreement beats a delete not yet carried out."""
    deleted = records.filter(pl.col("deleted_run").is_not_null()).select(record="id", deleted_run="deleted_run")
    if deleted.is_empty():
        return deleted.select("record")
    live = links.filter(pl.col("tomb").is_null()).select(link="id")
    spoke = pl.concat(
        [later.select("record", "link", "run"), *(frame.select("record", "link", "run") for frame in said)]
    )
    alive = spoke.join(live, on="link", how="semi")
    by_people = later.filter(pl.col("link").is_null() & (pl.col("kind") == "hub")).select("record", "link", "run")
    edited = pl.concat([alive, by_people]).join(deleted, on="record").filter(pl.col("run") >= pl.col("deleted_run"))
    intake.withdraw_delete(tx, edited["record"])
    return deleted.join(edited, on="record", how="anti").select("record")


def _plan_part(  # noqa: PLR0913
    tx: Connection,
    work: Work,
    part: Part,
    living: pl.DataFrame,
    links: pl.DataFrame,
    opened: pl.DataFrame,
    doomed: pl.DataFrame,
    waits: Unready,
) -> Planned:
    own = waits.mark(links.filter(pl.col("member") == part.state.id), work.run)
    held = known.with_held(own, part.mapping.inward_fields).rename({"id": "link"})
    return plan_member(
        Situation(
            member=part.member,
            golden=living,
            open=opened,
            doomed=doomed,
            links=held.select(
                "link",
                "record",
                "remote_id",
                "tomb",
                "version",
                "doubt",
                "unread",
                known.astray(tx, held, work.salt).alias("astray"),
                *(c for c in held.columns if c[:3] in HELD.values()),
            ),
            forms=known.forms(tx, own["id"]),
            blocked=waits.records,
            fields=part.mapping.outward_fields,
            outward=part.mapping.outward,
            inside=part.inside,
            can_create="create" in part.stream.writes,
            can_update="update" in part.stream.writes,
            down=bool(part.down),
            today=datetime.fromtimestamp(work.clock / 1_000_000, UTC).date().isoformat(),
        )
    )


def _put_down(work: Work, part: Part, planned: Planned, decision: Decision) -> None:
    """The operations of this bucket are laid down; what is counted stays."""
    operations = planned.operations
    decision.unsent[part.name] = decision.unsent.get(part.name, 0) + planned.unsent.height
    if operations.is_empty():
        return
    decision.frames.setdefault(part.name, []).append(work.shelf.lay(operations))
    decision.count(part.name, operations)
