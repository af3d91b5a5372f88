"""Merging: what the links of each record claim becomes its golden values, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from synchub.merge.chains import VERDICT, Epochs, decide_over_time
from synchub.merge.claims import ONE, SCHEMA, conflicts, standing, strong
from synchub.merge.consent import decide_consent
from synchub.merge.rules import Built
from synchub.merge.together import decide_group
from synchub.model import DAY, VALUE
from synchub.spec.job import Entity

_History = tuple[tuple[int, tuple[str, ...]], ...]

_AT_ONCE: Final = 4_000
"""Records decided at once: a claim a row takes ten times the room of a record a row."""

_TYPED = {"highest", "lowest", "furthest"}
_UNJUDGED = {"union", "add"}
"""Rules that lose nothing: two different claims are no conflict."""


@dataclass(frozen=True, slots=True)
class Merged:
    """`golden`: record, and a column a field; null where nothing is claimed or a question is open.
    `verdicts`: see chains; fields of records with a single claiming link have none, there is nothing to decide.
    `conflicts`: record, field, times_only; those that this run brought."""

    golden: pl.DataFrame
    verdicts: pl.DataFrame
    conflicts: pl.DataFrame


def merge(
    said: Sequence[pl.DataFrame],
    later: pl.DataFrame,
    entity: Entity,
    *,
    epochs: Epochs,
    rules: Mapping[str, Built],
    run: int,
    agreed: pl.DataFrame | None = None,
) -> Merged:
    """Merge whole records.

    `said`: per member a frame of first-contact claims: record, link, system, rank, remote_id, at, seen, run, seq,
    kind, void_before, and `v.FIELD` columns. `later`: claims since, as claims.SCHEMA. `agreed`: record and a
    column a field, golden as it was: it tells what is a conflict. All claims of a record must be there.
    """
    alone = _alone(said, later)
    direct = [frame.join(alone, on="record", how="semi") for frame in said]
    decided = [frame.join(alone, on="record", how="anti") for frame in said]
    judged = [name for name, chain in entity.rules.items() if chain[0] not in _UNJUDGED]
    before = _long(agreed, judged)
    verdicts, found = [], []
    for some, since in _few([*decided, later]):
        claims, told = _decide(some, since, entity, epochs, rules)
        verdicts.append(told)
        found.append(conflicts(claims.filter(pl.col("field").is_in(judged)), run, before))
    whole = pl.concat(verdicts)
    money = [name for name, field in entity.fields.items() if field.type == "money"]
    golden = pl.concat([*(_plain(frame, money) for frame in direct), _pivot(whole, money)], how="diagonal")
    return Merged(golden, whole, pl.concat(found))


def _few(frames: Sequence[pl.DataFrame]) -> Iterator[tuple[list[pl.DataFrame], pl.DataFrame]]:
    """The frames, and the last one apart, with some of their records at once."""
    records = pl.concat([frame.select("record") for frame in frames]).unique(maintain_order=True)
    if records.height <= _AT_ONCE:
        yield list(frames[:-1]), frames[-1]
        return
    for own in records.iter_slices(_AT_ONCE):
        *some, since = (frame.join(own, on="record", how="semi", maintain_order="left") for frame in frames)
        yield some, since


def _decide(
    said: Sequence[pl.DataFrame], later: pl.DataFrame, entity: Entity, epochs: Epochs, rules: Mapping[str, Built]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The claims of these records that count, and the verdicts on them."""
    claims = standing(pl.concat([later.select(list(SCHEMA)), *(unpivot(frame) for frame in said)]))
    asked = _asked(claims)
    claims = claims.filter(pl.col("kind") != "open")
    return claims, pl.concat([asked, _verdicts(claims, entity, epochs, rules).join(asked, on=ONE, how="anti")])


def _long(agreed: pl.DataFrame | None, fields: Sequence[str]) -> pl.DataFrame:
    """Golden values as they were, one row a field."""
    schema = {"record": pl.Int64, "field": pl.String, "value": pl.String}
    names = [name for name in fields if agreed is not None and name in agreed.columns]
    if agreed is None or not names:
        return pl.DataFrame(schema=schema)
    return agreed.select("record", *names).unpivot(names, index="record", variable_name="field").drop_nulls("value")


def _alone(said: Sequence[pl.DataFrame], later: pl.DataFrame) -> pl.DataFrame:
    """Records with a single claiming link and nothing since: what it says is golden, whatever the rules."""
    if not said:
        return pl.DataFrame(schema={"record": pl.Int64})
    everyone = pl.concat([frame.select("record", "void_before") for frame in said])
    single = everyone.filter(pl.len().over("record") == 1).filter(pl.col("void_before") == 0)
    return single.select("record").join(later.select("record").unique(), on="record", how="anti")


def unpivot(said: pl.DataFrame) -> pl.DataFrame:
    """First-contact claims as claims: one row a filled field. What was voided when the record came back is left out,
    its opt-outs excepted."""
    values = [column for column in said.columns if column.startswith(VALUE)]
    index = ["record", "link", "system", "rank", "remote_id", "at", "seen", "run", "seq", "kind", "void_before"]
    weak = {column.removeprefix("d."): column for column in said.columns if column.startswith("d.")}
    long = said.select(*index, *values).unpivot(values, index=index, variable_name="field").drop_nulls("value")
    long = long.with_columns(pl.col("field").str.strip_prefix(VALUE), base=pl.lit(None, dtype=pl.String))
    for field, column in weak.items():
        doubtful = said.filter(pl.col(column)).select("link")
        hit = (pl.col("field") == field) & pl.col("link").is_in(doubtful["link"].implode())
        long = long.with_columns(kind=pl.when(hit).then(pl.lit("weak")).otherwise(pl.col("kind")))
    return long.filter(not_void()).select(list(SCHEMA))


def not_void() -> pl.Expr:
    """Claims that outlive a deletion: those made since the record came back, and opt-outs."""
    opt_out = (pl.col("field") == "opted_out") & (pl.col("value") == "true")
    return (pl.col("seq") >= pl.col("void_before")) | opt_out


def _asked(claims: pl.DataFrame) -> pl.DataFrame:
    """Fields with a question that was opened by an undo and that no claim that counts has closed since. None holds back an
    opt-out, which a join may bring later than it was claimed."""
    if "open" not in claims["kind"]:
        return pl.DataFrame(schema=VERDICT)
    mark = pl.col("kind") == "open"
    since = strong(claims.filter(~mark)).group_by(ONE).agg(_since=pl.col("seq").max())
    marks = claims.filter(mark).join(since, on=ONE, how="left", maintain_order="left")
    open_marks = marks.filter(pl.col("seq") > pl.col("_since").fill_null(-1)).drop("_since")
    opted_out = claims.filter((pl.col("field") == "opted_out") & (pl.col("value") == "true"))
    open_marks = open_marks.join(opted_out.select(ONE).unique(), on=ONE, how="anti")
    newest = open_marks.filter(pl.col("seq") == pl.col("seq").max().over(ONE))
    return newest.with_columns(rule=pl.lit("undone"), open=pl.lit(True), contested=pl.lit(False)).select(list(VERDICT))


def _verdicts(claims: pl.DataFrame, entity: Entity, epochs: Epochs, rules: Mapping[str, Built]) -> pl.DataFrame:
    found = [pl.DataFrame(schema=VERDICT)]
    grouped: set[str] = set()
    for name, fields in entity.groups.items():
        grouped.update(fields)
        if name == "consent":
            found.append(decide_consent(claims, entity.consent_from))
        else:
            found.append(decide_group(claims, fields, _history(fields[0], entity, epochs), rules))
    firm = strong(claims)
    for history, names in _alike(entity, epochs, grouped):
        own = firm.filter(pl.col("field").is_in(names))
        if not own.is_empty():
            found.append(decide_over_time(own, history, entity.fields[names[0]], rules))
    return pl.concat(found)


def _history(field: str, entity: Entity, epochs: Epochs) -> _History:
    return tuple(epochs.get(field, ((0, entity.rules[field]),)))


def _alike(entity: Entity, epochs: Epochs, grouped: set[str]) -> list[tuple[_History, list[str]]]:
    """Fields that are decided by the same rules, together; those whose order depends on their type, each alone."""
    alike: dict[tuple[_History, str], list[str]] = defaultdict(list)
    for field in entity.fields:
        if field not in grouped:
            history = _history(field, entity, epochs)
            typed = any(rule.split()[0] in _TYPED for _, chain in history for rule in chain)
            alike[history, field if typed else ""].append(field)
    return [(history, fields) for (history, _), fields in alike.items()]


def _day(at: pl.Expr) -> pl.Expr:
    return pl.from_epoch(at, time_unit="us").dt.date().cast(pl.String)


def _plain(said: pl.DataFrame, money: Sequence[str]) -> pl.DataFrame:
    """Golden of records with a single claiming link."""
    values = [column for column in said.columns if column.startswith(VALUE)]
    day = _day(pl.coalesce("at", "seen"))
    days = [day.alias(f"{DAY}{field}") for field in money if f"{VALUE}{field}" in values]
    return said.select("record", *(pl.col(column).alias(column.removeprefix(VALUE)) for column in values), *days)


def _pivot(verdicts: pl.DataFrame, money: Sequence[str]) -> pl.DataFrame:
    """Golden of records that were decided field by field. Open questions have no value."""
    told = verdicts.filter(~pl.col("open"))
    days = told.filter(pl.col("field").is_in(list(money))).select(
        "record", field=DAY + pl.col("field"), value=_day(pl.coalesce("at", "seen"))
    )
    wide = pl.concat([told.select("record", "field", "value"), days]).pivot("field", index="record", values="value")
    everyone = verdicts.select("record").unique()
    return everyone.join(wide, on="record", how="left") if wide.width > 1 else everyone
