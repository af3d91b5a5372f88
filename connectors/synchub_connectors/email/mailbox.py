"""An IMAP mailbox, read only: nothing is ever marked as seen. Reconnects, and isolates what can't be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, ProtocolError

from synchub.api import ConfigurationError, Host, RetryLater
from synchub_connectors.email.config import EmailConfig
from synchub_connectors.email.connection import connect, one_reason
from synchub_connectors.email.folders import Folder, choose

# A server's line may have a million bytes, and a UID up to eleven with its space.
_SEARCH_WINDOW = 60_000
_RECONNECTS = 10
_PAUSE_SECONDS = 1.0

# What the library's parser raises on answers that are complete, but make no sense.
_SENSELESS = (ProtocolError, ValueError, IndexError, TypeError, AttributeError, RecursionError)

Items = dict[bytes, Any]


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder as the server shows it now. `uid_next` is 0 where the server doesn't tell it."""

    name: str
    uid_validity: int
    uid_next: int
    messages: int


class Mailbox:
    """One account's mail. Connects when first used."""

    def __init__(self, config: EmailConfig, host: Host) -> None:
        self._config = config
        self._host = host
        self._client: IMAPClient | None = None
        self._opened: Opened | None = None
        self._reconnects = 0

    def folders(self) -> list[str]:
        """The names of the folders to read. Raises ConfigurationError if one is missing."""
        try:
            listed = self._connected().list_folders()
        except (OSError, IMAPClientError) as fault:
            raise self._broken_off(fault) from None
        offered = [
            Folder(str(name), frozenset(flag.decode("ascii", "replace") for flag in flags))
            for flags, _, name in listed
            if not {b"\\noselect", b"\\nonexistent"} & {flag.lower() for flag in flags}
        ]
        return choose(self._config.folders, offered, system=self._host.system)

    def open(self, folder: str) -> Opened:
        """Open a folder for reading only."""
        try:
            answer = self._connected().select_folder(folder, readonly=True)
        except (IMAPClientAbortError, OSError) as fault:
            raise self._broken_off(fault) from None
        except IMAPClientError as fault:
            raise ConfigurationError(
                f'System {self._host.system}: the folder "{folder}" can\'t be opened ({one_reason(fault)}).',
                not_done="No mail was read from it.",
                next_step=f"Give {self._config.user} the right to read it, or take it out of folders.",
            ) from None
        self._opened = Opened(
            name=folder,
            uid_validity=int(answer.get(b"UIDVALIDITY", 0)),
            uid_next=int(answer.get(b"UIDNEXT", 0)),
            messages=int(answer.get(b"EXISTS", 0)),
        )
        return self._opened

    def search(self, opened: Opened, *, after: int, since: date | None) -> list[int]:
        """The UIDs in the open folder beyond `after`, of messages not older than `since`, ascending."""
        criteria: list[Any] = []
        if after:
            criteria += ["UID", f"{after + 1}:*"]
        if since:
            criteria += ["SINCE", since]
        found: set[int] = set()
        # From the top down: a message deleted meanwhile moves those above it into a window still to come.
        for top in range(opened.messages, 0, -_SEARCH_WINDOW):
            window = f"{max(1, top - _SEARCH_WINDOW + 1)}:{'*' if top == opened.messages else top}"
            try:
                found.update(self._connected().search([window, *criteria]))
            except (OSError, IMAPClientError, ValueError) as fault:
                raise self._broken_off(fault) from None
        # "N:*" always holds the last message, even if it is older; what is newer is left to the next read.
        return sorted(uid for uid in found if uid > after and (not opened.uid_next or uid < opened.uid_next))

    def fetch(self, uids: Sequence[int], items: Sequence[str]) -> tuple[dict[int, Items], dict[int, str]]:
        """The items of each message of the open folder, and the reason for each that can't be had.

        A message that is gone by now is in neither. One that breaks the batch is found by halving it.
        """
        found: dict[int, Items] = {}
        reasons: dict[int, str] = {}
        waiting = [list(uids)] if uids else []
        while waiting:
            batch = waiting.pop()
            try:
                found.update(self._fetch(batch, items))
            except _Unreadable as fault:
                if len(batch) == 1:
                    reasons[batch[0]] = str(fault)
                else:
                    half = len(batch) // 2
                    waiting += [batch[half:], batch[:half]]
        return found, reasons

    def close(self) -> None:
        """Log out. Never raises."""
        client, self._client = self._client, None
        if client is not None:
            client.__exit__(None, None, None)

    def _fetch(self, batch: list[int], items: Sequence[str]) -> dict[int, Items]:
        for last_try in (False, True):
            try:
                answer = self._connected().fetch(batch, list(items))
            except _SENSELESS as fault:
                raise _Unreadable(f"the server's answer makes no sense ({one_reason(fault)})") from None
            except (OSError, IMAPClientError) as fault:
                self._reconnect(fault)
                if last_try:
                    raise _Unreadable(f"the server can't deliver it ({one_reason(fault)})") from None
            else:
                return dict(answer)
        raise AssertionError("unreachable")

    def _connected(self) -> IMAPClient:
        if self._client is None:
            self._client = connect(self._config, self._host)
        return self._client

    def _reconnect(self, fault: Exception) -> None:
        self._reconnects += 1
        if self._reconnects > _RECONNECTS:
            raise self._broken_off(fault) from None
        self._host.log.info("The connection to %s broke and is made again.", self._config.host)
        self.close()
        self._host.sleep(_PAUSE_SECONDS)
        before = self._opened
        if before is not None and self.open(before.name).uid_validity != before.uid_validity:
            raise self._broken_off(fault) from None

    def _broken_off(self, fault: Exception) -> RetryLater:
        return RetryLater(
            f"System {self._host.system}: {self._config.host} broke off ({one_reason(fault)}).",
            not_done="The rest of its mail was not read.",
            next_step="Run the sync again; nothing is lost.",
        )


class _Unreadable(Exception):
    """A batch that the server can't deliver or the library can't parse."""
