"""No second row for somebody who is there already: what a create would make is looked for first, by the keys that records
are recognised by. A full read that finished in this run counts as such a look; elsewhere the system is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl
from sqlalchemy import Connection

from synchub.api import CanLookup, Key, Row
from synchub.mapping.native import native_frame
from synchub.match.idents import HUB_ID, idents, with_hashes
from synchub.match.same import same
from synchub.model import AS, TO, VALUE
from synchub.plan.situation import UNSENT, Planned
from synchub.record import known, scopes

if TYPE_CHECKING:
    from synchub.run.work import Part, Work

_PAIRS = {"node": pl.Int64, "other": pl.Int64}
_TAKEN = "another record has a row there with the same key"


def without_doubles(
    tx: Connection, work: Work, part: Part, planned: Planned, golden: pl.DataFrame, earlier: list[pl.Series]
) -> Planned:
    """The plan without creates of who is there already as another record: two rows would have one key. A row that is
    given a key by this very plan counts too; `golden` says which.

    `earlier` grows by the hashes of the keys of these operations: a create that shares one with those of an earlier
    bucket waits for the next run, which can compare them whole.
    """
    creates = planned.operations.filter(pl.col("kind") == "create")
    given = _given_keys(work, planned.operations, golden)
    if creates.is_empty():
        earlier.append(given["hash"])
        return planned
    ours = _hashed(work, _idents(work, _values(creates.with_columns(node="record"))))
    before = _alike_among(ours.drop("hash")).filter(pl.col("other") < pl.col("node"))
    there = _alike(ours.drop("hash"), pl.concat([_linked(tx, work, part, ours), given.drop("hash")]))
    again = [ours.filter(pl.col("hash").is_in(hashes.implode())).select(record="node") for hashes in earlier]
    earlier += [ours["hash"], given["hash"]]
    taken = pl.concat([before.select(record="node"), there.select(record="node"), *again]).unique()
    if taken.is_empty():
        return planned
    stopped = taken.select("record", link=pl.lit(None, dtype=pl.Int64), field=pl.lit(""), reason=pl.lit(_TAKEN))
    stays = (pl.col("kind") != "create") | ~pl.col("record").is_in(taken["record"].implode())
    return Planned(planned.operations.filter(stays), pl.concat([planned.unsent, stopped.select(list(UNSENT))]))


def _values(operations: pl.DataFrame) -> pl.DataFrame:
    """What operations stand for, as columns v.*."""
    columns = [column for column in operations.columns if column.startswith(AS)]
    return operations.select("node", *(pl.col(column).alias(VALUE + column.removeprefix(AS)) for column in columns))


def _given_keys(work: Work, operations: pl.DataFrame, golden: pl.DataFrame) -> pl.DataFrame:
    """The keys of rows that these updates change something of what they are recognised by: node, key, text, hash."""
    names = [TO + name for key in work.entity.match for name in key.fields if TO + name in operations.columns]
    sent = pl.any_horizontal(pl.lit(False), *(pl.col(name).is_not_null() for name in names))
    changed = operations.filter((pl.col("kind") == "update") & sent)
    if changed.is_empty():
        return _hashed(work, _idents(work, pl.DataFrame(schema={"node": pl.Int64})))
    values = golden.join(changed.select("record"), on="record", how="semi")
    fields = [name for name in values.columns if name in work.entity.fields and name != "hub_id"]
    named = values.select(node="record", **{VALUE + name: name for name in fields})
    return _hashed(work, _idents(work, named))


def hashes(work: Work, rows: pl.DataFrame) -> pl.Series:
    """The hashes of the keys that rows (link, v.*) are recognised by."""
    return _hashed(work, _idents(work, rows.rename({"link": "node"})))["hash"]


def _hashed(work: Work, found: pl.DataFrame) -> pl.DataFrame:
    return with_hashes(found, (HUB_ID, *work.entity.match), work.entity.name)


def _idents(work: Work, rows: pl.DataFrame) -> pl.DataFrame:
    return idents(rows, (HUB_ID, *work.entity.match), work.entity.fields)


def _alike(ours: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    """Pairs that share the hub's id, or a key. Another record's hub id makes no room for a second row of one key."""
    by_id, by_key = pl.col("key") == 0, pl.col("key") > 0
    return pl.concat([same(ours.filter(by), theirs.filter(by)) for by in (by_id, by_key)]).unique(maintain_order=True)


def _alike_among(ours: pl.DataFrame) -> pl.DataFrame:
    """The same among themselves. Most share nothing with anybody, which is quickly seen."""
    sharing = ours.filter(pl.struct("key", "text").is_duplicated())
    some = ours.join(sharing, on="node", how="semi", maintain_order="left")
    return _alike(some, some)


def _linked(tx: Connection, work: Work, part: Part, ours: pl.DataFrame) -> pl.DataFrame:
    """The keys of this member's live rows that share any with ours."""
    if not scopes.has_live_links(tx, part.state.id):
        return ours.head(0).drop("hash")
    hinted = known.candidates(tx, ours["hash"].unique())["record"].unique()
    columns = ("id", "record", "member", "tomb", "said", "held")
    links = known.links_of(tx, hinted.filter(~hinted.is_in(ours["node"].implode())), columns).filter(
        (pl.col("member") == part.state.id) & pl.col("tomb").is_null()
    )
    fields = list(part.mapping.inward_fields)
    held = known.with_held(links, fields).rename({f"hv.{name}": VALUE + name for name in fields})
    return _idents(work, held.with_columns(node=pl.col("id")))


def seek(work: Work, part: Part, creates: pl.DataFrame) -> tuple[pl.DataFrame, Sequence[Row]]:
    """Ask the system for whom these creates (to.*, as.*) would make: pairs of places in the frame (node) and in the rows
    (other), and the rows that it found."""
    asked = _questions(work, part, creates)
    rows: Sequence[Row] = part.lookup(asked) if asked and isinstance(part.connector, CanLookup) else []
    return alike(work, part, creates, rows), rows


def alike(work: Work, part: Part, creates: pl.DataFrame, rows: Sequence[Row]) -> pl.DataFrame:
    """Which of these native rows creates (to.*, as.*) would make: places in the frame (node) and in the rows (other)."""
    if not rows:
        return pl.DataFrame(schema=_PAIRS)
    ours = _idents(work, _values(creates.with_columns(node=pl.int_range(pl.len(), dtype=pl.Int64))))
    readable = native_frame(rows, part.mapping.natives).with_columns(
        # What a row is not recognised by may be unreadable: that is no reason to make a second one.
        pl.lit(None, dtype=pl.String).alias(native)
        for native in part.mapping.natives
        if native not in _telling(work, part)
    )
    theirs = part.mapping.inward(readable).frame.rename({"row": "node"})
    return _alike(ours, _idents(work, theirs))


def as_sent(work: Work, part: Part, creates: pl.DataFrame, rows: Sequence[Row]) -> pl.DataFrame:
    """Which of these native rows hold just what creates sent that no key tells from others: as `alike` says it, but each
    row for one of them."""
    if not rows:
        return pl.DataFrame(schema=_PAIRS)
    pairs: list[tuple[int, int]] = []
    named = _idents(work, _values(creates.with_columns(node=pl.int_range(pl.len(), dtype=pl.Int64))))["node"].unique()
    there = native_frame(rows, part.mapping.natives)
    for node in [node for node in range(creates.height) if node not in named]:
        same = pl.repeat(True, there.height, dtype=pl.Boolean, eager=True)
        for name in part.mapping.outward_fields:
            sent = creates[TO + name][node] or ""
            meant = part.mapping.comparable(name, pl.Series([sent])).fill_null("")[0]
            same &= part.mapping.comparable(name, there[part.mapping.native_target(name)]).fill_null("") == meant
        taken = {other for _, other in pairs}
        pairs += [(node, other) for other in same.arg_true().to_list() if other not in taken][:1]
    return pl.DataFrame(pairs, schema=_PAIRS, orient="row")


def _telling(work: Work, part: Part) -> set[str]:
    """The native fields that rows are recognised by, and those that name them."""
    names = {"hub_id", "other_emails", *(name for key in work.entity.match for name in key.fields)}
    return {
        *part.mapping.keys,
        *(native for name in names if name in part.mapping.fields for native in part.mapping.fields[name].natives),
    }


def can_be_found(work: Work, part: Part, creates: pl.DataFrame) -> pl.Series:
    """Per create whether the system can be asked for what it would make."""
    asked = [pl.col(TO + name).fill_null("") != "" for name, _ in _askable(work, part) if TO + name in creates.columns]
    return creates.with_columns(_asked=pl.any_horizontal(pl.lit(False), *asked))["_asked"]


def _askable(work: Work, part: Part) -> list[tuple[str, str]]:
    """For every key the first of its fields that the system can be asked by, and its native field."""
    askable = {part.stream.external_id, *part.stream.matching_keys}
    found = []
    for key in (HUB_ID, *work.entity.match):
        natives = [
            (name, part.mapping.native_target(name)) for name in key.fields if name in part.mapping.outward_fields
        ]
        found += [(name, native) for name, native in natives if native in askable][:1]
    return found


def _questions(work: Work, part: Part, creates: pl.DataFrame) -> list[Key]:
    """What to ask the system by; what it finds is compared whole."""
    asked: dict[Key, None] = {}
    for name, native in _askable(work, part):
        if TO + name in creates.columns:
            asked.update((Key(native, value), None) for value in creates[TO + name].to_list() if value)
    return list(asked)
