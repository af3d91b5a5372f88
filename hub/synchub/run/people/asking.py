"""The questions that people are asked, in words, and the answers that each of them takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import Connection

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
    "ask": "Systems disagree about {field} of {label}. Which value is right?",
    "refused": "{system} refused to {kind} {label}: {reason}",
    "delete": "{label} was deleted elsewhere. Should the hub {kind} row {remote_id} of {system} too?",
    "unanswered": "{system} never answered whether it made {label}, and can't be asked. Is it there?",
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


def as_items(tx: Connection, hub: Opened, rows: Sequence[dict[str, Any]], salt: str) -> list[ReviewItem]:
    """Questions (rows of the table review) as people are asked them."""
    named = _labels(tx, hub, rows, salt)
    clocks = known.run_clocks(tx, pl.Series([row["run"] for row in rows], dtype=pl.Int64))
    return [_item(hub, row, salt, named.get(row["record"], ""), clocks.get(row["run"])) for row in rows]


def _labels(tx: Connection, hub: Opened, rows: Sequence[dict[str, Any]], salt: str) -> dict[int, str]:
    """The records that questions are about, as people know them."""
    named: dict[int, str] = {}
    for name, entity in hub.configuration.entities.items():
        numbers = [row["record"] for row in rows if row["entity"] == name and row["record"]]
        golden = known.goldens(tx, sorted(set(numbers)), entity.golden_fields)
        named |= labels(golden.drop("golden").rename({"id": "record"}), Ids(salt))
    return named


def _item(hub: Opened, row: dict[str, Any], salt: str, label: str, asked: int | None) -> ReviewItem:
    details = row["details"]
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
    return ReviewItem(
        id=str(row["id"]),
        kind=row["kind"],
        entity=row["entity"],
        question=QUESTIONS[row["kind"]].format(**words),
        asked=aware(asked, hub.configuration.settings.timezone),
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
