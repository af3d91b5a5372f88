"""Messages into the people written with: the stream `correspondents`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from synchub.api import Field, FieldType, Stream
from synchub_connectors.email.headers import Person
from synchub_connectors.email.machines import Own, is_service
from synchub_connectors.email.messages import Envelope
from synchub_connectors.email.names import split_name

NAMES_KEPT = 20


def _field(name: str, kind: FieldType, summary: str) -> Field:
    return Field(name, kind, writable=False, summary=summary)


CORRESPONDENTS = Stream(
    name="correspondents",
    key=("address",),
    updated_at="last_seen",
    incremental=True,
    weak=True,
    fields=(
        _field("address", "email", "The e-mail address, in lower case."),
        _field("name", "text", "The name that most messages give; of several the most recent."),
        _field("first_name", "text", "Taken from name where that is safe."),
        _field("last_name", "text", "Taken from name where that is safe."),
        _field("last_seen", "datetime", "The latest message among those read."),
        _field("first_seen", "datetime", "The earliest message; only told by a full read."),
        _field("count", "integer", "How many messages; only told by a full read."),
    ),
)
LATEST_FIELDS = ("address", "name", "first_name", "last_name", "last_seen")
"""What a read of new messages alone can tell truly."""
ALL_FIELDS = (*LATEST_FIELDS, "first_seen", "count")


@dataclass(slots=True)
class _Known:
    first_seen: datetime
    last_seen: datetime
    count: int = 0
    names: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def add(self, name: str, date: datetime) -> None:
        self.count += 1
        self.first_seen, self.last_seen = min(self.first_seen, date), max(self.last_seen, date)
        if name and (name in self.names or len(self.names) < NAMES_KEPT):
            times, latest = self.names.get(name, (0, date))
            self.names[name] = times + 1, max(latest, date)

    def name(self) -> str:
        return max(self.names, key=lambda name: (self.names[name], name), default="")


class Correspondents:
    """Gathers people from envelopes. Memory grows with the number of addresses, not of messages."""

    def __init__(self, own: Own) -> None:
        self._own = own
        self._known: dict[str, _Known] = {}
        self._lists: set[str] = set()

    def add(self, seen: Envelope) -> None:
        """Count the people of one message."""
        if seen.list_address:
            self._lists.add(seen.list_address)
        for person in _people(seen):
            if person.address in self._own or is_service(person.address):
                continue
            known = self._known.setdefault(person.address, _Known(seen.date, seen.date))
            known.add(person.name, seen.date)

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row for each address, in the order of their first message read."""
        for address, known in self._known.items():
            if address in self._lists:
                continue
            name = known.name()
            first, last = split_name(name)
            if first and "," in name:
                name = f"{first} {last}"
            yield {
                "address": address,
                "name": name,
                "first_name": first,
                "last_name": last,
                "last_seen": known.last_seen,
                "first_seen": known.first_seen,
                "count": known.count,
            }


def by_what_is_known(
    rows: Iterable[dict[str, Any]], wanted: Sequence[str]
) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """Rows in groups that tell the same fields, without those that are empty.

    A message without a name doesn't say that the sender has none: what other messages told must stand.
    """
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        told = tuple(name for name in wanted if row[name] != "")
        groups.setdefault(told, []).append({name: row[name] for name in told})
    return groups


def _people(seen: Envelope) -> tuple[Person, ...]:
    """Who is met in a message. What machines send in names nobody, except the one who answers automatically;
    whatever we send names its recipients."""
    if seen.outbound:
        candidates = (*seen.to, *seen.cc)
    elif seen.kind in ("", "reply"):
        candidates = (seen.contact, seen.sender, *seen.to, *seen.cc)
    else:
        candidates = ()
    return tuple({person.address: person for person in reversed(candidates) if person.address}.values())
