"""What `serve` asks of a hub besides running its syncs: when each is due, which systems fail, what waits, and to tell people."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from urllib.parse import urlsplit

from synchub.api import HttpSession
from synchub.config.document import files_of
from synchub.errors import RetryLater, SynchubError
from synchub.plugins.observers import noticed
from synchub.record import pauses, reviews
from synchub.run.opening import Opened
from synchub.run.told import timing
from synchub.run.told.timing import Turn
from synchub.secrets import is_reference
from synchub.spec.answers import Failing
from synchub.spec.hub import ServeSettings
from synchub.spec.reports import Notice

State = tuple[tuple[str, int, int], ...]
"""Files by name, time of their last change in nanoseconds, and size in bytes."""


class Unattended:
    """Nobody watches: what is to be remembered is in the store, what is to be known is told."""

    def __init__(self, opened: Opened) -> None:
        self._hub = opened
        self._session: HttpSession | None = None

    @property
    def name(self) -> str:
        return self._hub.configuration.settings.name

    @property
    def zone(self) -> str:
        return self._hub.configuration.settings.timezone

    @property
    def settings(self) -> ServeSettings:
        return self._hub.configuration.serve

    @property
    def systems(self) -> Sequence[str]:
        """The systems that take part in a sync."""
        used = (member.system for sync in self._hub.configuration.syncs.values() for member in sync.members)
        return list(dict.fromkeys(used))

    def now(self) -> datetime:
        return self._hub.seams.clock()

    def turns(self) -> tuple[Turn, ...]:
        """Every sync with a schedule, in the order in which those that are due at once are to run."""
        with self._hub.store.read() as tx:
            return timing.turns(tx, self._hub)

    def failing(self) -> Mapping[str, Failing]:
        """Systems that failed in their last run, by name."""
        with self._hub.store.read() as tx:
            return pauses.load(tx)

    def note(self, failing: Sequence[Failing], well: Sequence[str]) -> None:
        """Remember which systems failed, and which are well again."""
        with self._hub.store.write() as tx:
            pauses.save(tx, failing, well)

    def waiting(self) -> Mapping[str, int]:
        """How many questions (review) and rows (quarantine) wait for a person."""
        with self._hub.store.read() as tx:
            return reviews.counts(tx)

    def let_go(self) -> None:
        """Close all connections to systems until the next run."""
        self._hub.let_go()

    def files(self) -> State:
        """What the configuration looked like on disk just now. It changes when somebody saves one of its files."""
        return state_of_files(self._hub)

    def tell(self, notice: Notice, log: logging.Logger) -> None:
        """Hand a notice to plugins, and to the address that hub.toml names. What fails is logged."""
        noticed(self._hub.plugins, notice, log)
        if self.settings.notify is None:
            return
        try:
            self._post(self.settings.notify, notice)
        except SynchubError as error:
            log.warning("A notice could not be posted: %s", self._hub.redactor.redact(error.line))

    def _post(self, address: str, notice: Notice) -> None:
        address = self._hub.secrets.resolve(address) if is_reference(address) else address
        parts = urlsplit(address)
        for secret in (address, parts.path):  # whoever knows the address of a chat room's door can write there
            self._hub.redactor.add(secret)
        if self._session is None:
            self._session = self._hub.outside.sessions.open(f"{parts.scheme}://{parts.netloc}", system="serve.notify")
        told = {**asdict(notice), "at": notice.at.isoformat()}
        answer = self._session.request("POST", address, json=told)
        if not answer.ok:
            raise RetryLater(f"{parts.hostname} answered {answer.status_code}.")


def state_of_files(hub: Opened) -> State:
    """See `Unattended.files`. A file that is gone is a change too."""
    found = []
    for path in files_of(hub.configuration.file):
        try:
            status = path.stat()
        except OSError:
            continue
        found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(found)
