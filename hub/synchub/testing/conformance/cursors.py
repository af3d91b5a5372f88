"""Rules of cursors: where a read goes on from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from synchub.api import Cursor, RetryLater
from synchub.testing.conformance.subject import Reading, Subject, unlike
from synchub.testing.conformance.verdicts import Broken, Skipped, expect

FAR = 1_000_000_000_000
YEARS = 100


def equal_at_the_boundary(s: Subject) -> None:
    """Rows that changed at the very moment a cursor stands at are not lost.

    Why: Clocks are coarse, and many rows change at once: by an import, in one transaction, within one second.

    Example: `WHERE changed > :cursor`. Write `>=`, and let some rows come twice: that changes nothing.

    Exempt: Never.
    """
    ids = s.plant(2)
    cursor = _cursor(s, s.read())
    ids += s.plant(1, first=3)
    _change(s, ids[0])
    _brought(s, s.read(cursor), ids[2:], changed=ids[0])


def far_future(s: Subject) -> None:
    """A cursor from the far future does not make the connector blind.

    Why: A row with a wrong year, a clock that was wrong for an hour, a backup that was restored: the cursor is ahead of
    everything, and if it is believed no change is seen for years.

    Example: `since = cursor["time"]`. Compare it with the system's own time, or with the highest value there is; if it is
    beyond, read everything.

    Exempt: Never.
    """
    s.plant(2)
    s.later()
    cursor = _cursor(s, s.read())
    ahead = _moved(cursor)
    if ahead == cursor:
        raise Skipped("its cursor holds no time and no number")
    s.later()
    new = s.plant(1, first=3)
    s.later()
    first = s.read(ahead)
    s.later()
    new += s.plant(1, first=4)
    s.later()
    second = s.read(first.cursor or ahead)
    _brought(s, Reading(rows={**first.rows, **second.rows}), new)


def changes_during_a_read(s: Subject) -> None:
    """What changes while it is read is seen by this read or by the next one.

    Why: A read of an hour is an hour in which people work.

    Example: A cursor that is the time at which the read ended. Take the time at which it began, by the system's clock.

    Exempt: Never.
    """
    if not s.stream.incremental:
        raise Skipped("it gives no cursor: every read is full")
    ids = s.plant(s.scene.many)
    s.later()
    found, changed, new = Reading(), "", list[str]()
    try:
        for page in s.pages():
            found.take(page, s.stream.key)
            if not changed and found.rows:
                s.later(minutes=1)
                changed = _change(s, found.pages[-1][0] if found.pages[-1] else ids[0])
                new = s.plant(1, first=2001)
                s.later(minutes=1)
    except RetryLater:
        raise Skipped("it reads anew when something changes while it reads") from None
    cursor = _cursor(s, found)
    later = s.read(cursor)
    _brought(s, Reading(rows={**found.rows, **later.rows}), new, changed=changed)


def only_what_changed(s: Subject) -> None:
    """A read from a cursor brings what changed, and not everything once more.

    Why: A million rows that are read to find three changes cost the system and the hub an hour; and a budget of requests.

    Example: `incremental=False` although the system can filter by time of change.

    Exempt: Where the system can't tell what changed.
    """
    expect(s.stream.incremental, "the stream does not declare `incremental`: every read is full")
    ids = s.plant(s.scene.many)
    s.later(days=1)
    s.plant(1, first=3000)
    s.later(days=1)
    cursor = _cursor(s, s.read())
    s.later(days=1)
    new = s.plant(1, first=3001)
    changed = _change(s, ids[-1])
    s.later()
    part = s.read(cursor)
    _brought(s, part, new, changed=changed)
    expect(len(part.rows) < s.scene.many, f"two of {s.scene.many} rows changed, and {len(part.rows)} were read")


def deletes_from_a_cursor(s: Subject) -> None:
    """A read from a cursor tells what was deleted.

    Why: Otherwise a deletion is only noticed by the next full read, a day later or a week.

    Example: `deleted=()` although the system keeps a list of what was archived.

    Exempt: Where the system has no such list.
    """
    ids = s.plant(2)
    s.later()
    cursor = _cursor(s, s.read())
    s.later()
    s.scene.remove(ids[0])
    s.later()
    found = s.read(cursor)
    told = ids[0] in found.deleted or (found.complete and ids[0] not in found.rows)
    expect(told, "one of two records was deleted, and a read from a cursor did not tell")


def _cursor(s: Subject, found: Reading) -> Cursor:
    if found.cursor is None:
        raise Skipped("it gives no cursor: every read is full")
    return found.cursor


def _change(s: Subject, name: str) -> str:
    s.scene.change(name, {s.text: "Changed meanwhile"})
    return name


def _brought(s: Subject, found: Reading, new: Iterable[str], *, changed: str = "") -> None:
    missing = set(new) - set(found.rows)
    expect(not missing, f"{len(missing)} new records were not brought by a read from a cursor")
    if changed:
        row = found.rows.get(changed)
        expect(row is not None, "a record that changed was not brought by a read from a cursor")
        expect(not unlike({s.text: "Changed meanwhile"}, row or {}), f"a change is not in what was read: {row}")


def _moved(value: Any) -> Any:
    """A cursor with every time and number in it moved far ahead."""
    match value:
        case bool() | None:
            return value
        case int() | float():
            return value + FAR
        case dict():
            return {name: _moved(each) for name, each in value.items()}
        case list():
            return [_moved(each) for each in value]
        case str() if value.isdecimal():
            return str(int(value) + FAR)
        case str():
            return _moved_time(value)
    raise Broken(f"the cursor holds a value of type {type(value).__name__}")


def _moved_time(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    year = f"{moment.year:04}"
    return text.replace(year, f"{moment.year + YEARS:04}", 1)
