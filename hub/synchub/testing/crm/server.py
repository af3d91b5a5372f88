"""The stand-in itself: what tests take in their hands. `doors` carries its answers over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self

from synchub.testing.crm import faults, keeping, merging, refusals, routes
from synchub.testing.crm.doors import Door
from synchub.testing.crm.exchange import Answer, Asked, Request
from synchub.testing.crm.objects import LARGEST_PAGE, associated
from synchub.testing.crm.properties import Property
from synchub.testing.crm.records import Record, Records
from synchub.testing.crm.search import Index


class StandInCrm:
    """A CRM on a port of 127.0.0.1 (0: a free one), from `start` to `stop` or in a `with`.

    file             where the records are kept; None keeps them in memory only
    token            the access token that is taken
    clock            the server's own clock; every time it writes comes from there
    merge_makes_new  a merge makes a third record, as in newer accounts, instead of keeping the primary's id

    `requests` is the log of all that was asked, in order. Methods that edit do it as a person at the screen
    would; they return ids or copies. Faults act on paths that contain `path`; the oldest acts first.
    """

    def __init__(
        self,
        file: Path | None = None,
        token: str = "stand-in-token",
        port: int = 0,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        merge_makes_new: bool = False,
    ) -> None:
        self.token = token
        self.requests: list[Request] = []
        self.clock = clock
        self._file = file
        self._lock = RLock()
        self._tokens = {token}
        self._page = LARGEST_PAGE
        self._index = Index(clock)
        self._records = Records(clock, self._changed, merge_makes_new=merge_makes_new)
        self._faults = faults.Faults(clock)
        self._door = Door(self.answer, self._log, port, clock)
        if file is not None and file.exists():
            keeping.load(self._records, file)

    # The server.

    @property
    def url(self) -> str:
        return self._door.url

    def start(self) -> Self:
        self._door.open()
        return self

    def stop(self) -> None:
        """Close the door and keep the records."""
        self._door.close()
        self._keep()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # What a person at the screen does.

    def create_contact(self, **properties: str) -> str:
        """Make a contact; its id."""
        with self._lock:
            return self._kept(self._records.create("contacts", properties).id)

    def create_note(self, contact: str, body: str, at: datetime | None = None) -> str:
        """Write a note (HTML) on a contact; its id."""
        with self._lock:
            properties = {"hs_note_body": body, "hs_timestamp": (at or self.clock()).isoformat()}
            return self._kept(self._records.create("notes", properties, [contact]).id)

    def edit(self, contact: str, **properties: str) -> None:
        """Change properties of a contact; "" clears one."""
        with self._lock:
            self._records.update("contacts", self._contact(contact), properties, person=True)
            self._keep()

    def archive(self, contact: str) -> None:
        """Delete a contact; it can be restored."""
        with self._lock:
            self._records.archive("contacts", self._contact(contact))
            self._keep()

    def restore(self, contact: str) -> None:
        with self._lock:
            self._records.restore("contacts", self._contact(contact, archived=True))
            self._keep()

    def merge(self, primary: str, other: str) -> str:
        """Merge two contacts; the id of the one that lives on."""
        with self._lock:
            heir = merging.merge(self._records, self._contact(primary), self._contact(other))
            return self._kept(heir.id)

    def contacts(self, *, archived: bool = False) -> dict[str, dict[str, str]]:
        """Every contact: id to properties."""
        with self._lock:
            every = self._records.every("contacts", archived=archived)
            return {one.id: dict(one.properties) for one in every}

    def notes_of(self, contact: str) -> list[dict[str, str]]:
        """The properties of every note of a contact, oldest first."""
        with self._lock:
            ids = associated(self._records, "contacts", self._contact(contact).id)
            return [dict(self._records.kept["notes"][note].properties) for note in ids]

    def add_property(self, kind: str, added: Property) -> None:
        """Have one more property on "contacts" or "notes"."""
        with self._lock:
            self._records.definitions[kind][added.name] = added

    def remove_property(self, kind: str, name: str) -> None:
        with self._lock:
            del self._records.definitions[kind][name]

    # What goes wrong.

    def fail(self, next: int = 1, status: int = 500, path: str = "", retry_after: float | str | None = None) -> None:
        """Answer the next requests with a status and do nothing. `retry_after`: seconds, or an HTTP date."""
        asked = None if retry_after is None else str(retry_after)
        self._add(faults.Fault("status", path, next, status=status, retry_after=asked))

    def reset(self, path: str = "", n: int = 1) -> None:
        """Break the connection off before anything is done."""
        self._add(faults.Fault("reset", path, n))

    def drop_answer(self, path: str = "", n: int = 1) -> None:
        """Do it, then break the connection off without an answer."""
        self._add(faults.Fault("drop", path, n))

    def truncate_answer(self, path: str = "", n: int = 1) -> None:
        """Do it, then break the connection off in the middle of the answer."""
        self._add(faults.Fault("truncate", path, n))

    def meanwhile(self, path: str, action: Callable[[], object]) -> None:
        """Call `action` when the next request arrives, before it is done: somebody else was faster."""
        self._add(faults.Fault("meanwhile", path, 1, action=action))

    def revoke_token(self) -> None:
        """Take no token any more: 401 from now on."""
        self._tokens.clear()

    def accept_token(self, token: str) -> None:
        self._tokens.add(token)

    def rate_limit(self, requests: int, seconds: float, policy: str = "TEN_SECONDLY_ROLLING") -> None:
        """Take so many requests in a span of the server's clock, then 429."""
        self._faults.limit = faults.RateLimit(requests, seconds, policy)

    def lag(self, *, requests: int = 0, seconds: float = 0.0) -> None:
        """Let search learn of changes made from now on so many requests, and seconds of the clock, late."""
        self._index.lag_requests, self._index.lag_seconds = requests, seconds

    def cap_pages(self, size: int) -> None:
        """Give out no more than so many records a list page, whatever is asked for, and don't say so."""
        self._page = size

    def be_terse(self) -> None:
        """Leave out of answers to batches of updates what was stored."""
        self._records.terse = True

    def own_form(self, name: str, form: Callable[[str], str]) -> None:
        """Keep every value of a property in a form of the server's own."""
        self._records.own_forms[name] = form

    def heal(self) -> None:
        """Switch every fault off. What search has not learnt yet still arrives late."""
        with self._lock:
            self._faults = faults.Faults(self.clock)
            self._records.own_forms.clear()
            self._records.terse = False
            self._page = LARGEST_PAGE
            self.lag()

    # How requests get in.

    def answer(self, asked: Asked, authorization: str) -> tuple[Answer, faults.Way | None]:
        """The answer to a request, and the way in which it gets lost, if it does."""
        with self._lock:
            self._index.requests += 1
            fault = self._faults.hit(asked.path)
            if fault is not None and fault.way == "reset":
                return Answer(0), "reset"
            way = fault.way if fault is not None and fault.way in ("drop", "truncate") else None
            try:
                return self._done(asked, authorization, fault), way
            except refusals.Refusal as refusal:
                return Answer(refusal.status, refusal.body, refusal.headers), way

    def _done(self, asked: Asked, authorization: str, fault: faults.Fault | None) -> Answer:
        if fault is not None and fault.way == "status":
            raise faults.refused(fault)
        if fault is not None and fault.action is not None:
            fault.action()
        if authorization.removeprefix("Bearer ") not in self._tokens:
            raise refusals.unauthorized()
        headers = self._faults.count()
        answer = routes.answer(self._records, self._index, asked, most=self._page)
        if asked.method != "GET":
            self._keep()
        return Answer(answer.status, answer.body, {**headers, **answer.headers})

    def _changed(self, kind: str, record: str) -> None:
        kept = self._records.kept[kind].get(record)
        alive = kept is not None and kept.archived is None
        self._index.changed(kind, record, kept.properties if kept is not None and alive else None)

    def _contact(self, contact: str, *, archived: bool = False) -> Record:
        record = self._records.find("contacts", contact, archived=archived)
        if record is None:
            raise KeyError(contact)
        return record

    def _add(self, fault: faults.Fault) -> None:
        with self._lock:
            self._faults.active.append(fault)

    def _log(self, request: Request) -> None:
        self.requests.append(request)

    def _kept(self, record: str) -> str:
        self._keep()
        return record

    def _keep(self) -> None:
        if self._file is not None:
            keeping.save(self._records, self._file)
