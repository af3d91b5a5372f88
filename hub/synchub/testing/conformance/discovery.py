"""Rules of what is offered, and of the form in which it is handed over."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable, Sequence
from typing import get_args

from synchub.api import ArrowStream, FieldType, Page
from synchub.mapping.native import native_text
from synchub.testing.conformance.subject import Subject
from synchub.testing.conformance.verdicts import Broken, expect

LARGEST_CURSOR = 64 * 1024


def stable_discovery(s: Subject) -> None:
    """Two discoveries in a row find the same streams and fields.

    Why: The hub compares what a system offers with what the mapping uses, in every run. Streams that come and go stop syncs
    at random.

    Example: Fields that are collected from whatever the first page happens to hold. Ask the system for its schema, or read
    until all fields are known; give them in a fixed order.

    Exempt: Never.
    """
    if not s.stream.write_only:
        s.plant(2)
    first = list(s.connector().streams())
    second = list(s.connector().streams())
    expect(first == second, f"first it offered {_told(first)}, then {_told(second)}")


def sound_streams(s: Subject) -> None:
    """Streams name only fields that they have, each once, of types that there are.

    Why: A key or a time of change that is no field of the stream is found out only in the middle of a run.

    Example: `key=("Id",)` where the field is called `id`.

    Exempt: Never.
    """
    streams = list(s.connector().streams())
    _once("streams", [stream.name for stream in streams])
    for stream in streams:
        names = [field.name for field in stream.fields]
        _once(f"fields of {stream.name}", names)
        named = [*stream.key, *stream.matching_keys, stream.updated_at, stream.version, stream.external_id]
        unknown = [name for name in named if name is not None and name not in names]
        expect(not unknown, f"{stream.name} names {', '.join(unknown)}, which is none of its fields")
        strange = [field.name for field in stream.fields if field.type not in get_args(FieldType)]
        expect(not strange, f"{stream.name} has fields of a type that there is not: {', '.join(strange)}")
        expect(stream.batch > 0 and stream.lag >= 0, f"{stream.name}: batch and lag are no counts")
        expect(bool(stream.key) or not stream.writes, f"{stream.name} takes writes and has no key")


def plain_pages(s: Subject) -> None:
    """Pages hold plain data, name every field that they deliver, and every row has its key.

    Why: A field that a row has and the page does not name is not delivered as far as the hub knows: its values are lost
    without a sign. Objects of a library can't cross a process, and a cursor is kept as JSON.

    Example: `Page(rows, ("id", "email"))` with rows that also hold `name`.

    Exempt: Never.
    """
    s.plant(2)
    declared = {field.name for field in s.stream.fields}
    for page in s.pages():
        _plain(page)
        if isinstance(page.rows, ArrowStream):
            continue
        for row in page.rows:
            unnamed = set(row) & declared - set(page.fields)
            expect(
                not unnamed, f"rows hold {', '.join(sorted(unnamed))}, which the page does not name among its fields"
            )
            keyless = [name for name in s.stream.key if native_text(row.get(name)) in (None, "")]
            expect(not keyless, f"a row has no {', '.join(keyless)}, which is its key")
    expect(len(s.read().rows) == 2, "of two rows not both have a key")


def _plain(page: Page) -> None:
    if page.cursor is not None:
        text = json.dumps(page.cursor)  # raises on what is no JSON
        expect(json.loads(text) == dict(page.cursor), "the cursor is no plain JSON: it comes back otherwise")
        expect(len(text) <= LARGEST_CURSOR, f"the cursor has {len(text):,} characters")
    expect(all(isinstance(name, str) for name in page.deleted), "ids of deleted records are no texts")
    if not isinstance(page.rows, ArrowStream):
        try:
            pickle.dumps(list(page.rows))
        except Exception as error:
            raise Broken(f"rows are no plain data: {error}") from error


def _once(what: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    expect(not twice, f"of the {what}, {', '.join(twice)} is there twice")


def _told(streams: Iterable[object]) -> str:
    text = "; ".join(map(str, streams))
    return text if len(text) < 400 else f"{text[:400]}…"
