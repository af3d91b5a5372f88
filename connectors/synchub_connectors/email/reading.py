"""Reading a mailbox in batches from where the last read ended. Both streams stand on this."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from synchub.api import BrokenRow, Cursor
from synchub_connectors.email.mailbox import Items, Mailbox, Opened
from synchub_connectors.email.messages import Fetched
from synchub_connectors.email.structure import TextPart, readable, text_part

BATCH = 200

_FIELD_END = re.compile(rb"\r?\n(?![ \t])")

# In groups, so that a long header crowds out only those of its own group: names, and the part of the limit.
_HEADERS = {
    "MESSAGE-ID DATE IN-REPLY-TO RETURN-PATH": 16,
    "FROM REPLY-TO": 16,
    "SUBJECT AUTO-SUBMITTED PRECEDENCE LIST-ID LIST-POST LIST-UNSUBSCRIBE CONTENT-TYPE "
    "X-AUTOREPLY X-AUTORESPOND X-FAILED-RECIPIENTS": 8,
    "TO CC": 4,
}
_ADDRESSES = re.compile(rb"\b(?:FROM|CC)\b")


@dataclass(frozen=True, slots=True)
class Batch:
    """Some messages of one folder, and where to go on from once they are stored."""

    messages: tuple[Fetched, ...]
    broken: tuple[BrokenRow, ...]
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to read: `since` limits folders without a place to go on from, `limit` is bytes a message."""

    folders: Sequence[str]
    since: date | None
    limit: int
    with_body: bool
    now: datetime


def batches(mailbox: Mailbox, cursor: Cursor | None, wanted: Wanted) -> Iterator[Batch]:
    """Every message beyond the cursor, folder by folder. The last batch is empty; its cursor is the end."""
    places = {name: place for name, place in _places(cursor).items() if name in wanted.folders}
    for name in wanted.folders:
        opened = mailbox.open(name)
        after = _after(places.get(name), opened)
        uids = mailbox.search(opened, after=after, since=None if after else wanted.since)
        for start in range(0, len(uids), BATCH):
            part = uids[start : start + BATCH]
            messages, broken = _fetch(mailbox, opened, part, wanted)
            places[name] = _place(opened, part[-1])
            yield Batch(messages, broken, {"folders": dict(places)})
        places[name] = _place(opened, max(after, opened.uid_next - 1, *uids[-1:]))
    yield Batch((), (), {"folders": dict(places)})


def _places(cursor: Cursor | None) -> dict[str, Any]:
    found = (cursor or {}).get("folders")
    return dict(found) if isinstance(found, Mapping) else {}


def _place(opened: Opened, uid: int) -> dict[str, int]:
    return {"uidvalidity": opened.uid_validity, "uid": uid}


def _after(place: Any, opened: Opened) -> int:
    """The UID to go on from; 0 if the folder has to be read from its start."""
    if not isinstance(place, Mapping) or place.get("uidvalidity") != opened.uid_validity:
        return 0
    uid = int(place.get("uid", 0))
    # UIDs never fall. Where they did, the folder was restored and old numbers name new messages.
    return 0 if opened.uid_next and uid >= opened.uid_next else uid


def _fetch(
    mailbox: Mailbox, opened: Opened, uids: Sequence[int], wanted: Wanted
) -> tuple[tuple[Fetched, ...], tuple[BrokenRow, ...]]:
    headers = [f"BODY.PEEK[HEADER.FIELDS ({names})]<0.{wanted.limit // part}>" for names, part in _HEADERS.items()]
    items = ["INTERNALDATE", "RFC822.SIZE", *headers]
    found, reasons = mailbox.fetch(uids, [*items, "BODYSTRUCTURE"] if wanted.with_body else items)
    if wanted.with_body and reasons:
        # Often it is only the structure that makes no sense; then the message is read without its text.
        bare, reasons = mailbox.fetch(sorted(reasons), items)
        found |= bare
    bodies = _bodies(mailbox, found, wanted.limit // 2) if wanted.with_body else {}
    messages = tuple(
        _fetched(opened.name, uid, items, bodies.get(uid, ""), wanted)
        for uid, items in sorted(found.items(), key=lambda pair: pair[0])
        if _is_whole(items)
    )
    broken = tuple(
        BrokenRow(where=f"{opened.name}, message UID {uid}", raw="", reason=reason)
        for uid, reason in sorted(reasons.items())
    )
    return messages, broken


def _is_whole(items: Items) -> bool:
    # A server may tell of other messages' flags unasked; such an answer has no headers.
    return any(name.startswith(b"BODY[HEADER") for name in items)


def _fetched(folder: str, uid: int, items: Items, body: str, wanted: Wanted) -> Fetched:
    received = items.get(b"INTERNALDATE")
    blocks = [
        _without_cut_end(name, value, wanted.limit)
        for name, value in items.items()
        if name.startswith(b"BODY[HEADER") and isinstance(value, bytes)
    ]
    return Fetched(
        folder=folder,
        uid=uid,
        received=received.astimezone(UTC) if isinstance(received, datetime) else wanted.now.astimezone(UTC),
        size=int(items.get(b"RFC822.SIZE") or 0),
        headers=b"\r\n".join(block.strip(b"\r\n") for block in blocks),
        body=body,
    )


def _without_cut_end(name: bytes, block: bytes, limit: int) -> bytes:
    """A block of headers without an address that was cut in two: half of one would name somebody else."""
    if not _ADDRESSES.search(name) or len(block) < limit // (16 if b"FROM" in name else 4):
        return block
    start = max((end.end() for end in _FIELD_END.finditer(block)), default=0)
    comma = block.rfind(b",", start)
    return block[: comma if comma >= 0 else start]


def _bodies(mailbox: Mailbox, found: Mapping[int, Items], limit: int) -> dict[int, str]:
    """The text of each message: one request for all that hold it in the same place."""
    parts: dict[int, TextPart] = {}
    by_section: dict[str, list[int]] = defaultdict(list)
    for uid, items in found.items():
        part = text_part(items.get(b"BODYSTRUCTURE"))
        if part:
            parts[uid] = part
            by_section[part.section].append(uid)
    texts: dict[int, str] = {}
    for section, uids in by_section.items():
        answers, _ = mailbox.fetch(uids, [f"BODY.PEEK[{section}]<0.{limit}>"])
        for uid, items in answers.items():
            data = next((value for name, value in items.items() if name.startswith(b"BODY[")), None)
            if isinstance(data, bytes):
                texts[uid] = readable(data, parts[uid])
    return texts
