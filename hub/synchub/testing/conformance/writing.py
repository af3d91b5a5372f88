"""Rules of writing: what is done, and what is said of it."""

from __future__ import annotations

from synchub.api import Operation, Result
from synchub.testing.conformance.subject import Subject, unlike
from synchub.testing.conformance.verdicts import expect

DONE = ("ok", "unchanged")
REFUSED = ("conflict", "rejected")


def one_result_each(s: Subject) -> None:
    """Every operation gets one result, in the order in which they were asked.

    Why: The hub has nothing else to tell which of a thousand people was written.

    Example: Results in the order of the system's answers, where creates are sent before updates.

    Exempt: Never.
    """
    s.needs("create", "update")
    ids = s.plant(3)
    changes = [{s.text: f"Order {number}"} for number in range(3)]
    operations = [s.create(11), s.update(ids[2], changes[2]), s.create(12), s.update(ids[0], changes[0]), s.create(13)]
    results = s.write(*operations)
    for operation, result in zip(operations, results, strict=True):
        expect(result.status in DONE, f"a sound {operation.kind} came to {_told(result)}")
        if operation.remote_id is not None:
            right = result.remote_id in (None, operation.remote_id)
            expect(right, f"the result of a change of {operation.remote_id} names {result.remote_id}")
    stored = s.read().rows
    for place, number in ((0, 11), (2, 12), (4, 13)):
        name = results[place].remote_id or ""
        expect(name in stored, f"a create was ok, and {name or 'nothing'} is not there to be read")
        wrong = unlike(s.create(number).values, stored[name])
        expect(not wrong, f"the result of one create names the record of another: {', '.join(wrong)} is not the same")


def one_bad_row(s: Subject) -> None:
    """One operation that can't be done does not stop the others.

    Why: There is a bad record in every thousand.

    Example: An exception for the whole batch, or a transaction that is rolled back as a whole.

    Exempt: Never.
    """
    s.needs("create")
    bad = Operation("create", None, {**s.writable(s.scene.sample(22)), "no such field at all": "x"}, "bad")
    if "update" in s.stream.writes:
        bad = _change_of_gone(s)
    results = s.write(s.create(21), bad, s.create(23))
    expect(results[0].status == "ok", f"beside one that can't be done, a sound create came to {_told(results[0])}")
    expect(results[2].status == "ok", f"behind one that can't be done, a sound create came to {_told(results[2])}")
    stored = [row.get(s.text) for row in s.scene.rows().values()]
    missing = {s.scene.sample(number)[s.text] for number in (21, 23)} - set(stored)
    expect(not missing, "beside one that can't be done, a create was ok, and there is no record")


def gone_stays_gone(s: Subject) -> None:
    """A change of a record that is gone is a conflict: it is not made anew.

    Why: Somebody deleted it. A person who wanted to be forgotten must not come back by a change of address.

    Example: `INSERT OR REPLACE`, or an upsert for updates.

    Exempt: Never.
    """
    s.needs("update")
    change = _change_of_gone(s)
    before = len(s.scene.rows())
    (result,) = s.write(change)
    expect(len(s.scene.rows()) == before, "a change of a record that was deleted made it anew")
    expect(result.status in REFUSED, f"a change of a record that was deleted came to {_told(result)}")


def same_key_twice(s: Subject) -> None:
    """The same operation sent twice is harmless.

    Why: An answer gets lost, and the hub can't know whether the operation was done.

    Example: A delete of what is deleted already that raises; a create that makes a second record which no lookup would
    have found. Hand `idempotency_key` on where the system takes one; answer `conflict` with the `remote_id`.

    Exempt: Never.
    """
    s.needs("create")
    create = s.create(31)
    name = _made(s, create)
    (again,) = s.write(create)
    expect(again.status in (*DONE, *REFUSED), f"the same create once more came to {_told(again)}")
    if len(s.scene.rows()) > 1:
        found = (
            {
                field: s.lookup((field, str(create.values[field])))
                for field in s.stream.matching_keys
                if field in create.values
            }
            if s.can_lookup
            else {}
        )
        expect(
            any(found.values()),
            "the same create twice made two records, and `lookup` finds neither before it is sent again",
        )
    for kind in ("update", "archive", "delete"):
        if kind not in s.stream.writes:
            continue
        operation = Operation(kind, name, {s.text: "Twice"} if kind == "update" else {}, f"{kind}-31")
        results = [*s.write(operation), *s.write(operation)]
        expect(results[0].status in DONE, f"a sound {kind} came to {_told(results[0])}")
        expect(results[1].status in (*DONE, "conflict"), f"the same {kind} once more came to {_told(results[1])}")
        if kind != "update":
            break


def creates_once(s: Subject) -> None:
    """The same create sent twice makes one record.

    Why: Where a system can tell, a lost answer costs nothing at all: no lookup, no wait, no question to a person.

    Example: A system that takes an idempotency key, or has a field for the hub's own id, and is not given it.

    Exempt: Where the system takes no key of ours and has no unique field: then the hub looks the record up first.
    """
    s.needs("create")
    create = s.create(41)
    s.write(create)
    s.write(create)
    expect(len(s.scene.rows()) == 1, f"the same create twice made {len(s.scene.rows())} records")


def unknown_fields(s: Subject) -> None:
    """A field that the system does not have is reported, never dropped.

    Why: A field dropped without a sign looks written. The hub believes that the system holds it, for ever.

    Example: `{name: values[name] for name in self.columns if name in values}`. Answer `rejected`, and name the field.

    Exempt: Never.
    """
    s.needs("create")
    sound = s.create(51)
    bad = Operation("create", None, {**s.create(52).values, "no_such_field": "precious"}, "unknown")
    results = s.write(sound, bad)
    expect(results[0].status == "ok", f"beside one with an unknown field, a sound create came to {_told(results[0])}")
    expect(results[1].status not in DONE, "a field that does not exist was dropped, and the result is ok")
    expect(bool(results[1].reason), "a field that does not exist was refused without a reason")


def checks_before(s: Subject) -> None:
    """A write that was planned against another state is refused, in the same step.

    Why: Between reading and writing somebody may have edited the record; without the check the edit is overwritten. (The
    hub keeps it in the history then, but the system shows the older value.)

    Example: `checks_before=True` and a read before the write, without a lock between them. Use the system's version or
    etag, or a condition in the statement that writes.

    Exempt: Where the system has no version, no etag and no transaction.
    """
    s.needs("update")
    stream = s.stream
    expect(stream.checks_before or bool(stream.version), "the stream declares neither `checks_before` nor `version`")
    (name,) = s.plant(1)
    before = s.read().rows[name]
    s.later()
    s.scene.change(name, {s.text: "Edited by somebody"})
    operation = Operation(
        "update",
        name,
        {s.text: "Written by the hub"},
        "stale",
        before={s.text: before[s.text]},
        version=before[stream.version] if stream.version else None,
    )
    (result,) = s.write(operation)
    now = s.read().rows[name]
    expect(
        not unlike({s.text: "Edited by somebody"}, now),
        "somebody's edit was overwritten by a write that did not know it",
    )
    expect(result.status == "conflict", f"a write against an old state came to {_told(result)}")


def _change_of_gone(s: Subject) -> Operation:
    """A change of a record that is not there any more."""
    (name,) = s.plant(1, first=61)
    before = s.read().rows[name]
    s.scene.remove(name)
    return s.update(name, {s.text: "Back again"}, before={s.text: before[s.text]})


def _made(s: Subject, create: Operation) -> str:
    (result,) = s.write(create)
    expect(result.status == "ok", f"a sound create came to {_told(result)}")
    expect(bool(result.remote_id), "a create was ok, and the result does not name the record")
    return result.remote_id or ""


def _told(result: Result) -> str:
    return result.status + (f": {result.reason}" if result.reason else "")
