"""The email connector: an IMAP mailbox as messages, and as the people written with. It never writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import BaseModel

from synchub.api import BrokenRow, ConfigurationError, Connector, Cursor, Host, Page, Stream
from synchub_connectors.email.config import EmailConfig
from synchub_connectors.email.correspondents import (
    ALL_FIELDS,
    CORRESPONDENTS,
    LATEST_FIELDS,
    Correspondents,
    by_what_is_known,
)
from synchub_connectors.email.machines import Own
from synchub_connectors.email.mailbox import Mailbox
from synchub_connectors.email.messages import MESSAGES, Fetched, envelope, row
from synchub_connectors.email.reading import Wanted, batches

PEOPLE_A_PAGE = 1_000

_RAW_KEPT = 4_000


class Email(Connector):
    """Reads `messages` and `correspondents` over IMAP.

    No read is ever `complete`: mail that was moved or deleted took nobody and no event out of the world.
    """

    Config: ClassVar[type[BaseModel]] = EmailConfig

    def __init__(self, config: EmailConfig, host: Host) -> None:
        self._config = config
        self._host = host
        self._own = Own.of((config.user, *config.own_addresses))
        self._mailbox = Mailbox(config, host)

    def check(self) -> None:
        for folder in self._mailbox.folders():
            self._mailbox.open(folder)

    def streams(self) -> Sequence[Stream]:
        return (MESSAGES, CORRESPONDENTS)

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        if stream == MESSAGES.name:
            return self._read_messages(cursor, with_body=not fields or "body" in fields)
        if stream == CORRESPONDENTS.name:
            return self._read_correspondents(cursor)
        raise ConfigurationError(
            f'System {self._host.system}: there is no stream "{stream}".',
            next_step="Use messages or correspondents.",
        )

    def close(self) -> None:
        self._mailbox.close()

    def _wanted(self, *, with_body: bool) -> Wanted:
        now, days = self._host.now(), self._config.days
        return Wanted(
            folders=self._mailbox.folders(),
            since=(now - timedelta(days=days)).date() if days else None,
            limit=self._config.max_message,
            with_body=with_body,
            now=now,
        )

    def _read_messages(self, cursor: Cursor | None, *, with_body: bool) -> Iterator[Page]:
        delivered = tuple(field.name for field in MESSAGES.fields if with_body or field.name != "body")
        for batch in batches(self._mailbox, cursor, self._wanted(with_body=with_body)):
            rows: dict[str, dict[str, Any]] = {}
            broken = list(batch.broken)
            for message in batch.messages:
                try:
                    made = row(message, self._own)
                except Exception as fault:  # mail is hostile: whatever one message breaks, the others go on
                    broken.append(_broken(message, fault))
                else:
                    rows.setdefault(made["message_id"], made)
            yield Page(tuple(rows.values()), delivered, cursor=batch.cursor, broken=tuple(broken))

    def _read_correspondents(self, cursor: Cursor | None) -> Iterator[Page]:
        people, broken = Correspondents(self._own), list[BrokenRow]()
        end = cursor
        for batch in batches(self._mailbox, cursor, self._wanted(with_body=False)):
            broken += batch.broken
            for message in batch.messages:
                try:
                    people.add(envelope(message, self._own))
                except Exception as fault:  # mail is hostile: whatever one message breaks, the others go on
                    broken.append(_broken(message, fault))
            end = batch.cursor
        # What is counted over new messages alone would be wrong for anyone known before.
        wanted = ALL_FIELDS if cursor is None else LATEST_FIELDS
        for told, rows in by_what_is_known(people.rows(), wanted).items():
            for start in range(0, len(rows), PEOPLE_A_PAGE):
                yield Page(rows[start : start + PEOPLE_A_PAGE], told)
        # Only now is all of the mail stored that the new place to go on from has passed.
        yield Page((), (), cursor=end, broken=tuple(broken))


def _broken(message: Fetched, fault: Exception) -> BrokenRow:
    return BrokenRow(
        where=f"{message.folder}, message UID {message.uid}",
        raw=message.headers[:_RAW_KEPT].decode("utf-8", "replace"),
        reason=str(fault) or type(fault).__name__,
    )
