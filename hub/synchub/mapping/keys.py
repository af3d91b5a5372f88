"""Remote ids: the text that names a record in its system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from synchub.mapping.forms import WHITE
from synchub.model import BLANK

_ESCAPES: Final = {
    "\\": "\\\\",
    '"': '\\"',
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
} | {chr(code): f"\\u{code:04x}" for code in range(32) if chr(code) not in "\b\f\n\r\t"}


def remote_ids(frame: pl.DataFrame, keys: Sequence[str]) -> pl.Series:
    """The key's text, or a JSON array of texts for a key of several fields; null where a part is missing."""
    parts = [pl.col(key) for key in keys]
    if len(parts) == 1:
        named = parts[0]
    else:
        quoted = [
            pl.lit('"') + part.str.replace_many(list(_ESCAPES), list(_ESCAPES.values())) + pl.lit('"') for part in parts
        ]
        named = pl.lit("[") + pl.concat_str(quoted, separator=",") + pl.lit("]")
    whole = pl.all_horizontal([part.is_not_null() & (part.str.strip_chars(WHITE) != BLANK) for part in parts])
    return frame.select(pl.when(whole).then(named)).to_series()
