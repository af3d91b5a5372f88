"""Rules of reading: all that is there, and never less for more."""

from __future__ import annotations

from collections.abc import Iterable

from synchub.api import Cursor, RetryLater, SynchubError
from synchub.testing.conformance.subject import Reading, Subject, unlike
from synchub.testing.conformance.verdicts import Broken, Skipped, Unchecked, expect


def reads_everything(s: Subject) -> None:
    """A full read brings every record as it is.

    Why: What a read leaves out is never synced, and after a complete read it counts as deleted.

    Example: A loop that ends at a page that is not full, in a system that caps pages without saying so.

    Exempt: Never.
    """
    ids = s.plant(s.scene.many)
    found = s.read()
    _all_there(found, ids, "a full read")
    for number, name in enumerate(ids, start=1):
        wrong = unlike(s.scene.sample(number), found.rows[name])
        expect(not wrong, f"{', '.join(wrong)} of a row came as {found.rows[name]}, not as {s.scene.sample(number)}")


def empty_is_no_fault(s: Subject) -> None:
    """A stream without a single record is read without an error.

    Why: Every new account is empty, and so is every new table.

    Example: `rows[-1]["changed"]` for the cursor, where there is no last row.

    Exempt: Where the system can't be empty.
    """
    found = s.read()
    expect(not found.rows, f"nobody entered a row, and {len(found.rows)} were read")


def killed_and_resumed(s: Subject) -> None:
    """A read that is killed after any page can be gone on with, and nothing is missing.

    Why: Processes are stopped. The next run begins where the last one that was stored ended, or at a page's own cursor.

    Example: Rows that are marked as fetched in the system while they are read; a cursor that already stands behind pages
    which are still to come. Give a page a cursor only if everything up to it was delivered.

    Exempt: Never.
    """
    s.plant(s.scene.many)
    s.later()
    whole = s.read()
    s.later()
    _resumed_at_every_page(s, whole, "a full read")
    if whole.cursor is not None and s.stream.incremental:
        _changes_resumed(s, whole.cursor)
    if sum(bool(page) for page in whole.pages) < 2:
        raise Skipped(f"all of {s.scene.many} rows came in one page: there is no middle to be killed in")


def _changes_resumed(s: Subject, start: Cursor) -> None:
    new = set(s.plant(s.scene.many, first=1001))
    s.later()
    changes = s.read(start)
    s.later()
    new &= set(changes.rows)
    for page in _some(len(changes.pages)):
        seen = s.read_until(page, start)
        rest = s.read(seen.cursor or start)
        _all_there(_both(seen, rest), new, f"a read from a cursor that was killed after page {page}")


def _resumed_at_every_page(s: Subject, whole: Reading, what: str) -> None:
    ids = list(whole.rows)
    for page in _some(len(whole.pages)):
        seen = s.read_until(page)
        _all_there(s.read(), ids, f"{what} that was killed after page {page} and begun anew")
        if seen.cursor is not None and page < len(whole.pages):
            rest = s.read(seen.cursor)
            _all_there(_both(seen, rest), ids, f"{what} that was killed after page {page} and went on from its cursor")


def half_read_is_not_complete(s: Subject) -> None:
    """Only the last page of a read that saw every record says that it is complete.

    Why: What a complete read did not see counts as deleted. A read that broke off and looks complete deletes people
    everywhere.

    Example: `complete=True` on every page; an error in the middle that ends the loop like the last page does; `complete`
    after a read of only what changed.

    Exempt: Never.
    """
    ids = s.plant(s.scene.many)
    s.later()
    full = s.read()
    early = [number for number, said in enumerate(full.completes[:-1], start=1) if said]
    expect(not early, f"page {early[0] if early else 0} of {len(full.pages)} said that the read was complete")
    if full.cursor is not None:
        s.later()
        part = s.read(full.cursor)
        missing = set(ids) - set(part.rows)
        expect(
            not (part.complete and missing and part.pages),
            "a read from a cursor, of what changed, said that it was complete",
        )
    s.read(connector=s.ready())
    for request in _some(s.line.asked):
        _broken_off(s, request, full.rows)
    if not s.line.seen and len(full.pages) > 1:
        _cut_off(s, full.rows)


def _broken_off(s: Subject, request: int, ids: Iterable[str]) -> None:
    connector = s.ready()
    s.line.answer(500, first=request)
    found = Reading()
    try:
        for page in s.pages(connector=connector):
            found.take(page, s.stream.key)
    except SynchubError:
        found.completes.append(False)
    finally:
        s.line.clear()
    whole = set(ids) <= set(found.rows)
    expect(
        not any(found.completes) or whole,
        f"the server failed at request {request}, and the read said that it was complete",
    )
    expect(found.completes[-1:] == [False] or whole, f"the server failed at request {request}, and nothing was raised")


def _cut_off(s: Subject, ids: Iterable[str]) -> None:
    """The same for a line that is not HTTP: it is cut behind the first page. What was under way by then may arrive."""
    found = Reading()
    try:
        for page in s.pages():
            found.take(page, s.stream.key)
            if len(found.pages) == 1:
                s.scene.cut()
    except SynchubError:
        expect(not any(found.completes), "the line was cut in the middle, and the read said that it was complete")
    except (Skipped, Unchecked):
        return
    else:
        whole = set(ids) <= set(found.rows)
        expect(whole, "the line was cut in the middle, and nothing was raised")
    finally:
        s.scene.mend()


def deletes_are_seen(s: Subject) -> None:
    """A record that was deleted is told as deleted, or is missing in a complete read.

    Why: Otherwise nobody ever learns that it is gone, and the hub keeps writing to it.

    Example: `sees_deletes=True` in a system that only marks rows as archived, and a read that filters them out.

    Exempt: Where the system itself can't tell, and no read sees everything.
    """
    ids = s.plant(3)
    s.later()
    before = s.read()
    s.later()
    s.scene.remove(ids[1])
    s.later()
    if s.stream.sees_deletes and before.cursor is not None:
        told = s.read(before.cursor)
        expect(
            ids[1] in told.deleted or (told.complete and ids[1] not in told.rows),
            "a deletion was not told by a read from a cursor",
        )
        expect(ids[1] not in told.rows, "a record that is gone was delivered once more")
        wrong = told.deleted & {ids[0], ids[2]}
        expect(not wrong, "a record was told as deleted that is still there")
    full = s.read()
    if not full.complete and not s.stream.sees_deletes:
        raise Skipped("no read of it is ever complete: nothing of it ever counts as deleted")
    expect(ids[1] not in full.rows, "a full read delivered a record that is gone")
    expect(ids[0] in full.rows and ids[2] in full.rows, "after a deletion other records are missing too")


def system_that_is_down(s: Subject) -> None:
    """A system that can't be reached is RetryLater, and works again as soon as it is back.

    Why: RetryLater is what the hub waits for and tells people calmly. Anything else looks like a fault of the connector,
    or like an empty system.

    Example: `except ConnectionError: return` in `read`.

    Exempt: Where there is no line that could break, as with files.
    """
    s.plant(2)
    _asked(s)
    speaks_http = s.line.seen > 0
    (s.line.cut if speaks_http else s.scene.cut)()
    try:
        found = _asked(s)
    except RetryLater as error:
        expect(bool(error.happened), "the error does not say what happened")
    except SynchubError as error:
        raise Broken(f"it raised {type(error).__name__}, not RetryLater: {error.happened}") from error
    else:
        told = f"a write ended with {found} results" if s.stream.write_only else f"the read ended with {found} rows"
        raise Broken(f"the system could not be reached, and {told}")
    finally:
        s.line.clear()
        s.scene.mend()
    expect(_asked(s) >= 1, "the system is back, and could not be written")
    expect(len(s.read().rows) >= 2, "the system is back, and not all is read")


def _asked(s: Subject) -> int:
    """Read it, or write where nothing can be read; how many rows or results that gave."""
    if s.stream.write_only:
        return len(s.write(s.create(82)))
    return len(s.read(connector=s.connector()).rows)


def _all_there(found: Reading, ids: Iterable[str], what: str) -> None:
    missing = set(ids) - set(found.rows)
    expect(not missing, f"{what} did not bring {len(missing)} of {len(set(ids))} records")


def _both(one: Reading, other: Reading) -> Reading:
    return Reading(rows={**one.rows, **other.rows})


def _some(count: int, most: int = 8) -> list[int]:
    """Numbers from 1 to `count`: all, or the first and last few."""
    every = list(range(1, count + 1))
    return every if count <= most else [*every[: most // 2], *every[-most // 2 :]]
