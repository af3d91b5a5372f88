"""The questions that people are asked, in words, and the answers that each of them takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from synchub.errors import ConfigurationError
from synchub.record import known
from synchub.run.opening import Opened
from synchub.run.people.finding import Ids
from synchub.run.told.showing import labels
from synchub.run.told.telling import aware
from synchub.spec.answers import Choice, ReviewItem

QUESTIONS = {
    "match": "Who is row {remote_id} of {system}? It was not linked: {reason}.",
    "reused": "Row {remote_id} of {system} has another name and other keys than before. Is it still the same person?",
    "joined": "{system} merged row {remote_id} into {into}. Are the two records here the same person too?",
    "alike": "This record and {of} have the same {key} by now. Are they the same person?",
    "alternating": "{system} keeps changing {field} of row {remote_id} back. What should stand there?",
    "ask": "Systems disagree about {field}. Which value is right?",
    "refused": "{system} refused to {kind} this record: {reason}",
    "delete": "{label} was deleted elsewhere. Should the hub {kind} row {remote_id} of {system} too?",
    "unanswered": "{system} never answered whether it made this record, and can't be asked. Is it there?",
}


CHOICES = {
    "match": (
        ("new", "it is a person of its own"),
        ("together", "it and the rows that wait with it and share a key are one new person"),
        ("KEY", "it is the record with this hub id, e-mail or other key"),
    ),
    "reused": (
        ("same", "it is the same person: believe the row"),
        ("other", "it is somebody else: a new record is made"),
    ),
    "joined": (("yes", "join the two records"), ("no", "they are not the same; don't ask again")),
    "alike": (("yes", "join the two records"), ("no", "they are not the same; don't ask again")),
    "alternating": (("release", "try again"), ("keep", "leave it as it is there")),
    "ask": (("VALUE", "this value is right"),),
    "refused": (("retry", "send it again"), ("leave", "leave it")),
    "delete": (
        ("yes", "the next run does so, whatever the limits"),
        ("no", "leave it there, and keep it up to date"),
        ("later", "leave it for now; the guard no longer stops the run for it"),
    ),
    "unanswered": (
        ("retry", "it is not there: make it"),
        ("leave", "it is there: don't make it; the next full read matches it"),
    ),
}


def labels_of(tx: Connection, hub: Opened, rows: Sequence[dict[str, Any]], salt: str) -> dict[int, str]:
    """The records that questions are about, as people know them."""
    named: dict[int, str] = {}
    for name, entity in hub.configuration.entities.items():
        numbers = [row["record"] for row in rows if row["entity"] == name and row["record"]]
        golden = known.goldens(tx, sorted(set(numbers)), [field for field in entity.fields if field != "hub_id"])
        named |= labels(golden.drop("golden").rename({"id": "record"}), Ids(salt))
    return named


def as_item(hub: Opened, row: dict[str, Any], salt: str, named: dict[int, str]) -> ReviewItem:
    details = row["details"]
    label = named.get(row["record"], "")
    words = {
        "field": "",
        "remote_id": "",
        "of": "",
        "key": "",
        "system": "",
        "reason": "",
        "into": "",
        "kind": "write",
        "label": label or "this record",
        **details,
    }
    with hub.store.read() as tx:
        started = tx.execute(text("SELECT clock FROM run WHERE id = :id"), {"id": row["run"]}).scalar()
    return ReviewItem(
        id=str(row["id"]),
        kind=row["kind"],
        entity=row["entity"],
        question=QUESTIONS[row["kind"]].format(**words),
        asked=aware(started, hub.configuration.settings.timezone),
        choices=tuple(Choice(*choice) for choice in CHOICES[row["kind"]]),
        details=tuple(
            (name, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
            for name, value in details.items()
        ),
        record=f"{salt}-{row['record']}" if row["record"] else "",
        label=label,
    )


def wrong(answer: str, row: dict[str, Any]) -> ConfigurationError:
    listed = "; ".join(f"{word}: {meaning}" for word, meaning in CHOICES[row["kind"]])
    return ConfigurationError(
        f"'{answer}' is no answer to this question. Answers: {listed}.", not_done="Nothing was changed."
    )
