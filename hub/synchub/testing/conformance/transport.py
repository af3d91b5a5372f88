"""Rules of the line: what is done when the server is busy, fails, stays silent or takes the token no more.

The suite stands in the line of `host.session`, so a stand-in needs no faults of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime
from functools import partial
from typing import TypeVar

from synchub.api import AuthenticationError, Connector, Operation, Result, RetryLater, SynchubError
from synchub.testing.conformance.subject import Reading, Subject
from synchub.testing.conformance.verdicts import Broken, Skipped, expect
from synchub.testing.host import LocalHost

Done = TypeVar("Done")

SECONDS = 37
MOST = 8


def waits_for_seconds(s: Subject) -> None:
    """A 429 that names seconds is waited for, and then all goes on.

    Why: Whoever comes back too early is shut out for longer, and everybody else with that account too.

    Example: `accept=(429,)` and a loop of one's own. Leave it to `host.session`.

    Exempt: Where the system is not reached by HTTP.
    """
    _waits(s, lambda _host: str(SECONDS))


def waits_for_a_date(s: Subject) -> None:
    """A 429 that names a date is waited for, and then all goes on.

    Why: HTTP allows both, and some proxies send dates.

    Example: `int(response.headers["Retry-After"])`. Leave it to `host.session`.

    Exempt: Where the system is not reached by HTTP.
    """
    _waits(s, lambda host: format_datetime(host.now() + timedelta(seconds=SECONDS), usegmt=True))


def server_errors(s: Subject) -> None:
    """An error of the server that passes costs nothing; one that stays is RetryLater, for reads and for writes.

    Why: Every server fails for a second now and then. One that is down for an hour must look like that, not like an empty
    or a broken system.

    Example: A status that is not looked at: the answer of an error has no rows, so it looks like the end.

    Exempt: Where the system is not reached by HTTP.
    """
    ids = s.plant(s.scene.many)
    for request in _requests(s, lambda connector: s.read(connector=connector)):
        with _spoilt(s, partial(s.line.answer, 503, first=request, times=1)) as connector:
            found = s.read(connector=connector)
        expect(set(ids) <= set(found.rows), f"a 503 at request {request} that passed, and not all records were read")
        with _spoilt(s, partial(s.line.answer, 500, first=request)) as connector:
            error = _error_of(partial(s.read, connector=connector))
        expect(
            isinstance(error, RetryLater),
            f"a server that fails from request {request} on came to {_name(error)}, not RetryLater",
        )
    _writes(s, partial(s.line.answer, 500), "the server failed")


def lost_answers(s: Subject) -> None:
    """An answer that is lost in the middle of a batch makes no second record, and no result says what is not so.

    Why: The operation may have been done. `ok` would be a guess, `rejected` would be final, and to send a create once more
    makes a double.

    Example: `safe_to_repeat=True` for a POST that creates. Answer `retry`, or let RetryLater through: the hub looks first.

    Exempt: Where the system is not reached by HTTP.
    """
    _writes(s, s.line.lose, "the answer was lost")


def expired_token(s: Subject) -> None:
    """A token that expires in the middle is AuthenticationError, or is renewed; the read is never taken for whole.

    Why: What to do about it differs: nobody can wait for a token to come back. And a read that ends there without an error
    deletes everybody who was still to come.

    Example: `accept=(401,)` and an empty list. Let it through; its message says what to do.

    Exempt: Where the system is not reached by HTTP.
    """
    ids = s.plant(s.scene.many)
    for request in _requests(s, lambda connector: s.read(connector=connector)):
        for times in (1, 10_000):
            found = Reading()
            with _spoilt(s, partial(s.line.answer, 401, first=request, times=times)) as connector:
                error = _error_of(partial(_take, s, found, connector))
            if error is None:
                expect(
                    set(ids) <= set(found.rows),
                    f"a 401 at request {request} raised nothing, and {len(found.rows)} of {len(ids)} records were read",
                )
                continue
            expect(
                isinstance(error, AuthenticationError),
                f"a 401 at request {request} came to {_name(error)}, not AuthenticationError",
            )
            expect(not any(found.completes), "a read that ended with a 401 said that it was complete")
            expect(bool(getattr(error, "next_step", "")), "the error about the token does not say what to do next")
    _writes(s, partial(s.line.answer, 401), "the token expired")


def _waits(s: Subject, header: Callable[[LocalHost], str]) -> None:
    ids = s.plant(s.scene.many)
    for request in _requests(s, lambda connector: s.read(connector=connector)):
        found = _waited(s, header, request, lambda connector: s.read(connector=connector))
        brought = len(set(ids) & set(found.rows))
        expect(brought == len(ids), f"after a 429 at request {request}, {brought} of {len(ids)} records were read")
    if "create" in s.stream.writes:
        (result,) = _waited(s, header, 1, lambda connector: s.write(s.create(9501), connector=connector))
        expect(
            result.status == "ok", f"after a 429 that was waited for, a create came to {result.status}: {result.reason}"
        )


def _waited(s: Subject, header: Callable[[LocalHost], str], request: int, act: Callable[[Connector], Done]) -> Done:
    """What comes of something of which one request is told to wait."""
    host = s.host()
    connector = s.ready(host)
    s.line.answer(429, first=request, times=1, headers={"Retry-After": header(host)})
    done = act(connector)
    s.line.clear()
    waited = sum(host.slept)
    expect(waited >= SECONDS - 1, f"the server asked for {SECONDS} s, and {waited:g} s were waited")
    return done


def _writes(s: Subject, spoil: Callable[..., None], what: str) -> None:
    """Creates, spoilt at each of their requests: what is said of each is so, and none is there twice."""
    if "create" not in s.stream.writes:
        return
    number = 100
    for request in _requests(s, lambda connector: s.write(*_batch(s, 100), connector=connector)):
        number += 10
        operations = _batch(s, number)
        results: list[Result] | None = None
        with _spoilt(s, partial(spoil, first=request)) as connector:
            try:
                results = s.write(*operations, connector=connector)
            except (RetryLater, AuthenticationError):
                pass
            except SynchubError as error:
                raise Broken(f"{what} at request {request}, and it raised {_name(error)}") from error
        _so_it_is(s, operations, results, f"{what} at request {request}")


def _so_it_is(s: Subject, operations: list[Operation], results: list[Result] | None, what: str) -> None:
    stored = [row.get(s.text) for row in s.scene.rows().values()]
    for place, operation in enumerate(operations):
        count = stored.count(operation.values[s.text])
        expect(count < 2, f"{what}, and {count} records were made of one create")
        status = results[place].status if results is not None else "retry"
        expect(count == 1 or status not in ("ok", "unchanged"), f"{what}, a result is {status}, and there is no record")
        expect(count == 0 or status != "rejected", f"{what}, a result is rejected, and there is a record")


def _batch(s: Subject, first: int) -> list[Operation]:
    return [s.create(first + place) for place in range(3)]


def _requests(s: Subject, act: Callable[[Connector], object]) -> list[int]:
    """The numbers of the requests that something takes. Skipped where it takes none."""
    act(s.ready())
    asked = s.line.asked
    s.line.clear()
    if not asked:
        raise Skipped("it sends nothing by `host.session`: it speaks no HTTP, or has a line of its own")
    return list(range(1, min(asked, MOST) + 1))


@contextmanager
def _spoilt(s: Subject, spoil: Callable[[], None]) -> Iterator[Connector]:
    """A connector that knows its streams, with a line that is spoilt from here on."""
    connector = s.ready()
    spoil()
    try:
        yield connector
    finally:
        s.line.clear()


def _take(s: Subject, found: Reading, connector: Connector) -> None:
    for page in s.pages(connector=connector):
        found.take(page, s.stream.key)


def _error_of(act: Callable[[], object]) -> Exception | None:
    try:
        act()
    except Exception as error:
        return error
    return None


def _name(error: Exception | None) -> str:
    return "no error" if error is None else f"{type(error).__name__}: {error}"
