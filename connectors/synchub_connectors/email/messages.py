"""One message as fetched, into one row of the stream `messages`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from synchub.api import Field, FieldType, Stream
from synchub_connectors.email.headers import Person, fields, identifier, line, moment, people
from synchub_connectors.email.machines import AutoKind, Own, automatic, is_service, list_address

SUBJECT_LIMIT = 500


def _field(name: str, kind: FieldType, summary: str) -> Field:
    return Field(name, kind, writable=False, summary=summary)


MESSAGES = Stream(
    name="messages",
    key=("message_id",),
    incremental=True,
    weak=True,
    fields=(
        _field("message_id", "text", "The Message-ID without brackets; a fingerprint where it is missing."),
        _field("date", "datetime", "When it was sent, or received if that is earlier or the only time known."),
        _field("from", "email", "The sender's address."),
        _field("from_name", "text", "The name the sender gave; anyone can forge it."),
        _field("to", "set", "The recipients' addresses."),
        _field("cc", "set", "The addresses of those who got a copy."),
        _field("subject", "text", "At most 500 characters."),
        _field("folder", "text", "The folder it was read from."),
        _field("direction", "text", "in or out, by your own addresses."),
        _field("contact", "email", "The other side: sender of what came in, first recipient of what went out."),
        _field("contact_name", "text", "The name given with that address."),
        _field("in_reply_to", "text", "The Message-ID that it answers."),
        _field("body", "text", "The first 4,000 characters as plain text; never attachments."),
        _field("auto", "bool", "Whether a machine sent it."),
        _field("auto_kind", "text", "bounce, reply, list, bulk or generated; empty for a person's message."),
        _field("size", "integer", "Bytes of the whole message."),
        _field(
            "details",
            "json",
            "direction, folder and auto (the kind, if any): for properties.",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched of one message. `received` is aware; `headers` are raw lines, possibly cut."""

    folder: str
    uid: int
    received: datetime
    size: int
    headers: bytes
    body: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who wrote to whom and when, decided from the headers alone."""

    headers: Mapping[str, str]
    date: datetime
    sender: Person
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    outbound: bool
    contact: Person
    kind: AutoKind
    list_address: str


NOBODY = Person("")


def envelope(message: Fetched, own: Own) -> Envelope:
    """Raises ValueError if there is nothing in the headers that could name the message."""
    headers = fields(message.headers)
    if not headers.keys() & {"message-id", "date", "from", "to", "subject"}:
        raise ValueError("it has no headers")
    sender = next(iter(people(headers.get("from", ""))), NOBODY)
    to, cc = tuple(people(headers.get("to", ""))), tuple(people(headers.get("cc", "")))
    outbound, contact = _other_side(headers, sender, to + cc, own)
    return Envelope(
        headers=headers,
        date=_date(headers, message.received),
        sender=sender,
        to=to,
        cc=cc,
        outbound=outbound,
        contact=contact,
        kind=automatic(headers, own),
        list_address=list_address(headers),
    )


def row(message: Fetched, own: Own) -> dict[str, Any]:
    """The row of `messages`. Raises ValueError like `envelope`."""
    seen = envelope(message, own)
    direction = "out" if seen.outbound else "in"
    details = {"direction": direction, "folder": message.folder}
    return {
        "message_id": identifier(seen.headers.get("message-id", "")) or _fingerprint(seen.headers),
        "date": seen.date,
        "from": seen.sender.address,
        "from_name": seen.sender.name,
        "to": [person.address for person in seen.to],
        "cc": [person.address for person in seen.cc],
        "subject": line(seen.headers, "subject", SUBJECT_LIMIT),
        "folder": message.folder,
        "direction": direction,
        "contact": seen.contact.address,
        "contact_name": seen.contact.name,
        "in_reply_to": identifier(seen.headers.get("in-reply-to", "")),
        "body": message.body,
        "auto": seen.kind != "",
        "auto_kind": seen.kind,
        "size": message.size,
        "details": details | ({"auto": seen.kind} if seen.kind else {}),
    }


def _other_side(
    headers: Mapping[str, str], sender: Person, recipients: tuple[Person, ...], own: Own
) -> tuple[bool, Person]:
    """Whether a message went out, and who is on the other side of it."""
    answers_go_to = next((person for person in people(headers.get("reply-to", "")) if person.address not in own), None)
    if sender.address in own:
        other = next((person for person in recipients if person.address not in own), None)
        if other is None and answers_go_to is not None:
            # A form on a website writes to its owner in the owner's name; the visitor stands in Reply-To.
            return False, answers_go_to
        return True, other or NOBODY
    if answers_go_to is not None and (not sender.address or is_service(sender.address)):
        return False, answers_go_to
    return False, sender


def _date(headers: Mapping[str, str], received: datetime) -> datetime:
    # Nothing is sent after it arrived: a later date is a wrong clock, or a lie to stay on top.
    written = moment(headers.get("date", ""))
    return min(written, received) if written else received


def _fingerprint(headers: Mapping[str, str]) -> str:
    parts = "\0".join(headers.get(name, "") for name in ("date", "from", "to", "subject"))
    return f"none-{sha256(parts.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
