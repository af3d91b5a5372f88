"""The named steps that synchub brings for text on its way in. Plugins add more."""

from __future__ import annotations

from typing import Final

import polars as pl

from synchub.api import Transform

_ENTITIES: Final = {
    "&nbsp;": " ",
    "&#160;": " ",
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&#34;": '"',
    "&apos;": "'",
    "&#39;": "'",
    "&amp;": "&",
    "&#38;": "&",
}


def built_in_transforms() -> dict[str, Transform]:
    """All of them by name. Each keeps null null, and may turn a text blank: then the value is empty."""
    return {transform.name: transform for transform in _TRANSFORMS}


def _collapse(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(r"\s+", " ").str.strip_chars()


def _title(text: pl.Expr) -> pl.Expr:
    # Polars would also raise the letter behind an apostrophe: O'neil is wrong, but Ann'S is worse.
    return text.str.to_titlecase().str.replace_all("'S\\b", "'s")


def _strip_html(text: pl.Expr) -> pl.Expr:
    without = text.str.replace_all(r"(?is)<(script|style)\b.*?</(script|style)\s*>", " ")
    lines = without.str.replace_all(r"(?i)<\s*(?:br|/p|/div|/li|/h[1-6]|/tr)\b[^>]*>", "\n")
    bare = lines.str.replace_all(r"(?s)<!--.*?-->", " ").str.replace_all(r"</?[A-Za-z][^<>]*>", "")
    plain = bare.str.replace_many(list(_ENTITIES), list(_ENTITIES.values()))
    return plain.str.replace_all(r"[ \t\u{a0}]+", " ").str.replace_all(r" ?\n[ \n]*", "\n").str.strip_chars()


def _word(text: pl.Expr, index: int) -> pl.Expr:
    return _collapse(text).str.split(" ").list.get(index, null_on_oob=True)


_TRANSFORMS: Final = (
    Transform("trim", lambda text: text.str.strip_chars(), "no white space at either end"),
    Transform("lower", lambda text: text.str.to_lowercase(), "small letters"),
    Transform("upper", lambda text: text.str.to_uppercase(), "capital letters"),
    Transform("title", _title, "a capital at the start of each word"),
    Transform("collapse", _collapse, "any run of white space becomes one space"),
    Transform("digits", lambda text: text.str.replace_all(r"[^0-9]", ""), "digits only"),
    Transform("letters", lambda text: text.str.replace_all(r"[^\p{L}]", ""), "letters only"),
    Transform("alphanumeric", lambda text: text.str.replace_all(r"[^\p{L}\p{N}]", ""), "letters and digits only"),
    Transform("strip_html", _strip_html, "text without HTML tags"),
    Transform("first_word", lambda text: _word(text, 0), "the first word"),
    Transform("last_word", lambda text: _word(text, -1), "the last word"),
    Transform(
        "all_but_first_word",
        lambda text: _collapse(text).str.replace(r"^\S+ ?", ""),
        "what follows the first word",
    ),
    Transform(
        "all_but_last_word",
        lambda text: _collapse(text).str.replace(r" ?\S+$", ""),
        "what precedes the last word",
    ),
    Transform("first_line", lambda text: text.str.strip_chars().str.extract(r"^([^\r\n]*)"), "the first line"),
    Transform("before_comma", lambda text: text.str.extract(r"^([^,]*)").str.strip_chars(), "what precedes a comma"),
    Transform(
        "after_comma",
        lambda text: text.str.extract(r"(?s)^[^,]*,(.*)$").str.strip_chars().fill_null(pl.lit("")),
        "what follows a comma",
    ),
    Transform("no_quotes", lambda text: text.str.strip_chars("\"'„“”‚‘’«» \t"), "no quotation marks around it"),
    Transform("drop_zeros", lambda text: text.str.replace(r"^0+(.)", "${1}"), "no leading zeros"),
)
