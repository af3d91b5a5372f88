"""The types of several parts: set, json and ref."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import orjson
import polars as pl

from synchub.mapping.forms import WHITE, Form, Unreadable, evaluate
from synchub.mapping.native import native_text
from synchub.model import BLANK

SEPARATORS: Final = (";", ",")
"""What parts the elements of a set, if the mapping doesn't say: the first of these in the text."""


def set_form(separator: str | None, values: Mapping[str, str]) -> Form:
    """A set of texts: a JSON array, or texts parted by `separator`. `values` renames elements."""

    def parse(text: str) -> str:
        return set_text(values.get(element.lower(), element) for element in elements(text, separator))

    def sure(texts: pl.Series) -> pl.Series:
        # One element without anything that could part it or need escaping.
        simple = pl.col("t").str.contains(r'^[^\[\]{},;"\\\x00-\x1f]+$')
        if separator:
            simple &= ~pl.col("t").str.contains(separator, literal=True)
        return evaluate(pl.when(simple).then(pl.format('["{}"]', "t")), t=texts)

    return Form(parse, None if values else sure)


def elements(text: str, separator: str | None) -> list[str]:
    """The elements of a set as they stand in a text, trimmed; blank ones are left out."""
    if text.startswith("["):
        try:
            loaded = orjson.loads(text)
        except orjson.JSONDecodeError:
            loaded = None
        if isinstance(loaded, list):
            return [part for item in loaded if (part := (native_text(item) or BLANK).strip(WHITE))]
    if separator is None:
        separator = next((mark for mark in SEPARATORS if mark in text), None)
    parts = text.split(separator) if separator else [text]
    return [part for item in parts if (part := item.strip(WHITE))]


def set_text(items: Iterable[str]) -> str:
    """The canonical text of a set; an empty set is blank."""
    distinct = sorted(set(items))
    return orjson.dumps(distinct).decode() if distinct else BLANK


def json_form() -> Form:
    """Any JSON: compact, with sorted keys."""
    return Form(_json)


def _json(text: str) -> str:
    try:
        loaded: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Unreadable("is not JSON") from None
    return orjson.dumps(loaded, option=orjson.OPT_SORT_KEYS).decode()


def ref_form(by: str, key: Form) -> Form:
    """A reference to another record: "email:ann@example.com". `key` reads the part behind the colon."""
    prefix = f"{by}:"

    def bare(texts: pl.Series) -> pl.Series:
        return texts.str.strip_prefix(prefix).str.strip_chars(WHITE)

    def parse(text: str) -> str:
        value = text.removeprefix(prefix).strip(WHITE)
        if not value:
            return BLANK
        return prefix + key.parse(value)

    sure: Callable[[pl.Series], pl.Series] | None = None
    if key.sure is not None:
        known = key.sure

        def sure(texts: pl.Series) -> pl.Series:
            found = known(bare(texts))
            return evaluate(pl.when(pl.col("f") != BLANK).then(pl.lit(prefix) + pl.col("f")), f=found)

    return Form(parse, sure)
