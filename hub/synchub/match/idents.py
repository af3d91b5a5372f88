"""The keys a record can be recognised by, as comparable text, and what is never used as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl
from xxhash import xxh3_64_intdigest

from synchub.model import BLANK, VALUE
from synchub.spec.entities import FieldDeclaration
from synchub.spec.job import MatchKey

HUB_ID: Final = MatchKey("hub_id", ("hub_id",))
"""The hub's own id, where a system kept it: stronger than every key of the entity."""

SHARED_MAILBOXES: Final = (
    "info",
    "office",
    "contact",
    "kontakt",
    "sales",
    "support",
    "admin",
    "administrator",
    "hello",
    "mail",
    "noreply",
    "no-reply",
    "donotreply",
    "test",
    "none",
    "na",
    "null",
    "unknown",
    "webmaster",
    "postmaster",
    "mailer-daemon",
    "service",
    "team",
    "billing",
    "invoice",
    "rechnung",
    "bestellung",
    "marketing",
    "hr",
    "jobs",
    "nobody",
)
"""Local parts that stand for no person."""

NOTHINGS: Final = (
    "n/a",
    "na",
    "none",
    "null",
    "unknown",
    "unbekannt",
    "test",
    "-",
    "--",
    "xxx",
    "x",
    "?",
    "keine",
    "tba",
)

_SEPARATOR = "\x1f"


def normal(field: FieldDeclaration) -> pl.Expr:
    """The value of a field as identity: folded case and spaces; null where it is blank or junk."""
    text = pl.col(VALUE + field.name).str.strip_chars().str.to_lowercase().str.replace_all(r"\s+", " ")
    junk = (text == BLANK) | text.is_in(NOTHINGS)
    if field.type == "email":
        local = text.str.split("@").list.first()
        junk = junk | local.is_in(SHARED_MAILBOXES) | text.str.contains(r"@(test|example|localhost)$")
    if field.name != "hub_id" and (field.type in ("phone", "number", "integer") or field.name.endswith("_id")):
        digits = text.str.replace_all(r"\D", "")
        national = digits.str.tail(6)
        one_digit = national.str.replace_all(r"^(0+|1+|2+|3+|4+|5+|6+|7+|8+|9+)$", "") == ""
        junk = junk | ((digits != "") & one_digit) | digits.str.ends_with("123456")
    return pl.when(junk).then(None).otherwise(text)


def idents(rows: pl.DataFrame, keys: Sequence[MatchKey], fields: dict[str, FieldDeclaration]) -> pl.DataFrame:
    """All keys of all rows: columns node (as in `rows`), key (its place in `keys`, strongest 0), text.

    `rows`: node and v.* columns. A key of several fields is there only if all of them are. The key `email` also
    stands for every address in other_emails.
    """
    parts = [pl.DataFrame(schema={"node": pl.Int64, "key": pl.Int64, "text": pl.String})]
    for place, key in enumerate(keys) if rows.height else ():
        if all(VALUE + name in rows.columns for name in key.fields):
            text = pl.concat_str([normal(fields[name]) for name in key.fields], separator=_SEPARATOR)
            told = rows.select("node", key=pl.lit(place, dtype=pl.Int64), text=text)
            if told["text"].null_count() < told.height:
                parts.append(told.drop_nulls("text"))
        if key.fields == ("email",) and VALUE + "other_emails" in rows.columns:
            parts.append(_others(rows, place, fields["email"]))
    return pl.concat(parts).unique()


def _others(rows: pl.DataFrame, place: int, email: FieldDeclaration) -> pl.DataFrame:
    listed = pl.col(VALUE + "other_emails")
    lists = rows.filter(listed.fill_null(BLANK) != BLANK).select("node", listed.str.json_decode(pl.List(pl.String)))
    single = lists.explode(VALUE + "other_emails").rename({VALUE + "other_emails": VALUE + "email"})
    return single.select("node", key=pl.lit(place, dtype=pl.Int64), text=normal(email)).drop_nulls("text")


def hashes(texts: pl.Series, entity: str, key: str) -> pl.Series:
    """A stable 64-bit hash of each key text, as signed integers: what the store looks records up by."""
    prefix = f"{entity}{_SEPARATOR}{key}{_SEPARATOR}"
    numbers = [xxh3_64_intdigest(text) for text in (prefix + texts).cast(pl.Binary).to_list()]
    return pl.Series("hash", numbers, dtype=pl.UInt64).reinterpret(signed=True)


def with_hashes(found: pl.DataFrame, keys: Sequence[MatchKey], entity: str) -> pl.DataFrame:
    """The frame of `idents` with a column `hash`."""
    if found.is_empty():
        return found.with_columns(hash=pl.lit(None, dtype=pl.Int64))
    parts = []
    for (place,), part in found.group_by("key", maintain_order=True):
        parts.append(part.with_columns(hashes(part["text"], entity, keys[int(str(place))].name)))
    return pl.concat(parts)


def name_of(rows: pl.DataFrame) -> pl.Expr:
    """A person's name as comparable text: "" where nothing is known."""
    parts = [
        pl.col(VALUE + name).fill_null(BLANK).str.to_lowercase().str.strip_chars()
        for name in ("first_name", "last_name")
        if VALUE + name in rows.columns
    ]
    if not parts:
        return pl.lit(BLANK)
    return pl.concat_str(parts, separator=" ").str.strip_chars()
