"""The words of the hub as values: types, column names of frames, and what the rooms hand to each other.

Canonical text. Between `map` and `write` every value of every field is text in one canonical form, so that two
values are the same if and only if their texts are equal:

    text       as it is, trimmed                      number   "12.5", no exponent, no trailing zeros
    email      lower case                             integer  "12"
    phone      E.164, "+4930123456"                   money    "100.00 EUR"
    url        scheme and host in lower case          bool     "true" / "false"
    country    ISO 3166 alpha-2, "DE"                 date     "2024-05-01"
    language   BCP 47 as far as given, "de"           datetime "2024-05-01T10:23:00Z", UTC, microseconds if any
    enum       one of the field's values              set      JSON array, sorted, no repeats: '["a","b"]'
    ref        "KEY:VALUE", "email:ann@example.com"   json     compact JSON with sorted keys

Two values are not values: `""` is *blank* (was filled, is now empty), null is *absent* (nothing is said).

Native text. What a system delivered is carried as text too: strings as they are, numbers by their shortest
spelling, booleans "true"/"false", dates and times in ISO 8601, lists and objects as compact JSON.

Times inside frames are integers: microseconds since 1970 in UTC. Null is undated: older than every date.
"""

from __future__ import annotations

from typing import Literal

FieldType = Literal[
    "text",
    "email",
    "phone",
    "url",
    "number",
    "integer",
    "money",
    "bool",
    "date",
    "datetime",
    "enum",
    "set",
    "country",
    "language",
    "ref",
    "json",
]

BLANK = ""
"""The canonical and the native text of a value that was filled and is now empty."""

OPTED_OUT = "opted_out"
"""The field that never loosens by itself."""

HUB = "hub"
"""The name of the system whose claims are people's decisions."""

# Columns of a mapped frame and of links: one column a canonical field, told apart by prefix.
NATIVE = "n."
"""`n.FIELD`: the native text that a canonical field was read from."""
VALUE = "v."
"""`v.FIELD`: the canonical text. `""` is blank, null is absent."""
VIA = "w."
"""`w.FIELD`: which native field a value came from; only for fields that are mapped from several."""
HELD = {NATIVE: "hn.", VALUE: "hv.", VIA: "hw."}
"""What is held stands beside what is read: the prefix of its columns, by that of theirs."""

REMOTE = "remote_id"
"""Text that names a record in its system: the key's native text, or a JSON array for a key of several fields."""
UPDATED = "updated_at"
"""The row's own time, in microseconds; null where the system tells none."""
VERSION = "version"
"""The row's own version, as text; null where the system tells none."""
RAW = "raw_hash"
"""A stable 64-bit fingerprint (xxh3) of the raw row, as a signed integer."""

DAY = "day."
"""`day.FIELD`: the ISO date whose exchange rate holds for a golden amount of money."""

# Columns of planned operations.
TO = "to."
"""`to.FIELD`: native text to send, "" clears; null: this field does not travel."""
AS = "as."
"""`as.FIELD`: the canonical value that it stands for."""
WAS = "was."
"""`was.FIELD`: the native text held before."""
OVER = "via."
"""`via.FIELD`: the native field it is written to, where that is not the first that it is mapped to."""


def no_rate(source: str, target: str, day: str) -> str:
    """How it is said that an amount has no form in another currency. With patterns for its parts it finds what was said so."""
    return f"there is no exchange rate from {source} to {target} on {day}"
