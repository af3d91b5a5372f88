"""Rules of what is stored: it is what was written, or it is told how it is."""

from __future__ import annotations

from synchub.api import Row
from synchub.mapping.native import native_text
from synchub.testing.conformance.subject import Subject, Texts, alike, unlike
from synchub.testing.conformance.verdicts import Broken, expect


def read_back(s: Subject) -> None:
    """What is read back is what was written, or the result said how it is stored.

    Why: Systems cut, trim and reformat. The hub takes that for the system's own form, if it learns of it; else it takes it
    for an edit by somebody, and a wrong one spreads.

    Example: `Result("ok", id, stored=operation.values)`: that is what was asked, not what is there. Leave `stored` out if
    you don't know it.

    Exempt: Never.
    """
    s.needs("create")
    long = "Long " + "x" * 300
    operations = [s.create(71), s.create(72, **{s.text: long})]
    results = s.write(*operations)
    if "update" in s.stream.writes:
        for result in list(results):
            if result.status == "ok":
                operations.append(s.update(result.remote_id or "", {s.text: long + " changed"}))
        results += s.write(*operations[2:])
    stored = s.read().rows
    last = {result.remote_id: place for place, result in enumerate(results) if result.status == "ok"}
    for place in last.values():
        _as_told(s, operations[place].values, results[place].stored, stored.get(results[place].remote_id or "", {}))


def _as_told(s: Subject, written: Row, told: Row | None, read: Texts) -> None:
    expect(bool(read), "a record that was written is not there to be read")
    if told is not None:
        stored = {name: text for name, text in s.texts(told).items() if name in written and text is not None}
        wrong = unlike(stored, read)
        expect(not wrong, f"the result said that {', '.join(wrong)} is stored in one way, and it is read in another")
        silent = [name for name in unlike(written, read) if name not in stored]
        expect(not silent, f"{', '.join(silent)} is stored otherwise than written, and the result does not say so")
    elif not s.can_lookup:
        wrong = unlike(written, read)
        expect(not wrong, f"{', '.join(wrong)} is stored otherwise than written; neither `stored` nor a lookup tells")


def clears(s: Subject) -> None:
    """None clears a field.

    Why: Somebody deleted a phone number. If it stays in one system it is back everywhere some day.

    Example: `{name: value for name, value in values.items() if value is not None}`.

    Exempt: Where a field can't be empty: answer `rejected`.
    """
    s.needs("update")
    (name,) = s.plant(1)
    (result,) = s.write(s.update(name, {s.text: None}))
    value = s.read().rows[name][s.text]
    if result.status == "ok":
        expect(alike(value, None), f"{s.text} was to be cleared, the result is ok, and it still is {value!r}")
    else:
        expect(result.status == "rejected", f"to clear a field came to {result.status}: {result.reason}")


def leaves_the_rest(s: Subject) -> None:
    """A change of one field leaves all others as they are.

    Why: Only what changes travels. A connector that replaces the record blanks everything else.

    Example: PUT where the system has PATCH.

    Exempt: Never.
    """
    s.needs("update")
    (name,) = s.plant(1)
    before = s.read().rows[name]
    (result,) = s.write(s.update(name, {s.text: "Only this"}))
    after = s.read().rows.get(name, {})
    expect(result.status == "ok", f"a sound change came to {result.status}: {result.reason}")
    others = {field: value for field, value in s.scene.sample(1).items() if field != s.text}
    lost = [field for field in others if not alike(before[field], after.get(field))]
    expect(not lost, f"{s.text} was changed, and {', '.join(lost)} changed too")


def found_by_key(s: Subject) -> None:
    """`lookup` finds whole records by the key and by every matching key, and no others.

    Why: It decides whether a record is created or linked. One that it does not find is made twice; one that only looks
    alike is overwritten.

    Example: A search of the system that finds whatever begins with the text. Compare the field of each hit.

    Exempt: Where single records can't be asked for; every run reads in full then.
    """
    ids = s.plant(12)
    s.later()
    rows = s.read().rows
    for field in (*s.stream.key, *s.stream.matching_keys) if len(s.stream.key) == 1 else s.stream.matching_keys:
        for name in (ids[0], ids[-1]):
            value = rows[name].get(field)
            if value:
                _exactly(
                    s, field, value, {each for each, row in rows.items() if alike_key(row.get(field), value)}, rows
                )
    field = s.key_name if len(s.stream.key) == 1 else s.stream.matching_keys[0]
    found = s.lookup((field, "987654321"))
    expect(not found, f"nobody has {field} 987654321, and {len(found)} records were found")
    several = s.lookup((s.key_name, ids[0]), (s.key_name, ids[1]), (s.key_name, ids[0]))
    expect(len(several) == 2, f"two records were asked for, one of them twice, and {len(several)} were found")


def _exactly(s: Subject, field: str, value: str, wanted: set[str], rows: dict[str, Texts]) -> None:
    found = [s.texts(row) for row in s.lookup((field, value))]
    names = {row[s.stream.key[0]] or "" for row in found}
    expect(wanted <= names, f"of {len(wanted)} records with that {field}, {len(wanted & names)} were found")
    expect(len(found) == len(wanted), f"{len(wanted)} records have that {field}, and {len(found)} were found")
    for row in found:
        whole = rows[row[s.stream.key[0]] or ""]
        missing = [name for name, text in whole.items() if text and alike(row.get(name), None)]
        expect(not missing, f"a record that was looked up lacks {', '.join(missing)}")


def alike_key(one: str | None, other: str | None) -> bool:
    """Matching keys are compared without regard to case."""
    return (one or "").lower() == (other or "").lower()


def found_at_once(s: Subject) -> None:
    """What was just written is found by `lookup` and by `read`, or the stream declares its `lag`.

    Why: A create whose answer was lost is looked up before it is sent again. If a search index comes late, it is made
    twice; unless the hub knows for how long it has to wait.

    Example: A lookup by the system's search, which learns of changes some seconds later, in a stream with `lag=0`.

    Exempt: Never.
    """
    s.needs("create")
    create = s.create(81)
    (result,) = s.write(create)
    name = result.remote_id or ""
    if s.stream.lag:
        s.later(seconds=s.stream.lag + 1)
    expect(
        name in s.read().rows,
        f"a record was created, and a read does not bring it; the lag declared is {s.stream.lag} s",
    )
    if not s.can_lookup:
        return
    for field in s.stream.matching_keys:
        value = native_text(create.values.get(field))
        if value and not s.lookup((field, value)):
            raise Broken(
                f"a record was created, and a lookup by {field} does not find it; the lag declared is {s.stream.lag} s"
            )
