"""Known records that unknown rows could be: found by their keys, compared by what their links hold now."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection

from synchub.match.idents import idents, name_of, with_hashes
from synchub.model import VALUE
from synchub.read.shelf import Pile
from synchub.record import known
from synchub.run.steps.unknown import keys_of, telling
from synchub.run.work import Work

KEYS = {"record": pl.Int64, "key": pl.Int64, "text": pl.String, "hash": pl.Int64}
_TOLD = ("record", "member", "tomb", "said", "held")
TAKEN = {"record": pl.Int64, "system": pl.String, "name": pl.String}


@dataclass(frozen=True, slots=True)
class Candidates:
    """keys     record, key, text, hash: what the records hold of the keys that were asked for
    taken    record, system, name: their live links
    dormant  those that have no live link
    """

    keys: Pile
    taken: Pile
    dormant: pl.Series


def named_by(tx: Connection, work: Work, keys: pl.DataFrame) -> pl.DataFrame:
    """hash, record: records that may have one of these keys (key, hash, hashes in order)."""
    found = [pl.DataFrame(schema={"hash": pl.Int64, "record": pl.Int64})]
    if known.has_idents(tx):
        told = keys.filter(pl.col("key") > 0)["hash"]
        hashes = told.filter((told.diff() != 0).fill_null(True))
        for start in range(0, len(hashes), work.seams.bucket):
            found.append(known.candidates(tx, hashes.slice(start, work.seams.bucket)))
    return pl.concat(found)


def candidates(tx: Connection, work: Work, numbers: pl.Series, hashes: pl.Series) -> Candidates:
    """The records with these numbers, as far as they are of this entity and were not joined into others. `hashes`: of the
    keys that matter."""
    keys, taken = (Pile(work.shelf, work.seams.bucket, schema) for schema in (KEYS, TAKEN))
    dormant = [pl.Series("id", [], dtype=pl.Int64)]
    asked = pl.DataFrame({"hash": hashes})
    for start in range(0, len(numbers), work.seams.bucket):
        records = known.goldens(tx, numbers.slice(start, work.seams.bucket), ()).filter(
            pl.col("joined_into").is_null() & (pl.col("entity") == work.entity.name)
        )
        held, living = _held(tx, work, records["id"])
        found = with_hashes(pl.concat([_own_ids(work, records), held]), keys_of(work), work.entity.name)
        keys.add(found.join(asked, on="hash", how="semi").rename({"node": "record"}).select(list(KEYS)))
        taken.add(living)
        dormant.append(records.filter(~pl.col("id").is_in(living["record"].implode()))["id"])
    return Candidates(keys, taken, pl.concat(dormant))


def _own_ids(work: Work, records: pl.DataFrame) -> pl.DataFrame:
    own = pl.lit(work.salt + "-") + pl.col("id").cast(pl.String)
    return records.select(node="id", key=pl.lit(0, dtype=pl.Int64), text=own)


def _held(tx: Connection, work: Work, numbers: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The keys that links of these records hold: node (the record), key, text; and their live links."""
    texts = [pl.DataFrame(schema={"node": pl.Int64, "key": pl.Int64, "text": pl.String})]
    taken = [pl.DataFrame(schema=TAKEN)]
    for (number,), own in known.links_of(tx, numbers, _TOLD).group_by("member", maintain_order=True):
        place = work.places[int(str(number))]
        fields = telling(work, place.state.fields)
        held = known.with_held(own, fields).rename({f"hv.{name}": VALUE + name for name in fields})
        keyed = idents(held.with_columns(node=pl.col("record")), work.entity.match, work.entity.fields)
        texts.append(keyed.with_columns(pl.col("key") + 1))
        live = held.filter(pl.col("tomb").is_null())
        taken.append(live.select("record", system=pl.lit(place.state.system), name=name_of(live)))
    return pl.concat(texts).unique(), pl.concat(taken)
