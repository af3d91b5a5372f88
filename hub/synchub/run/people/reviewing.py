"""The questions of a hub: listed, shown, answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from synchub.errors import ConfigurationError
from synchub.record import reviews
from synchub.run.opening import Opened
from synchub.run.people.answering import ANSWERS, answer_deletes
from synchub.run.people.asking import as_items
from synchub.run.people.finding import Ids
from synchub.run.people.suspects import details
from synchub.run.salt import salt_if_any
from synchub.run.steps.confirming import KIND
from synchub.spec.answers import Outcome, ReviewItem


class Reviewed:
    """The questions of a hub."""

    def __init__(self, hub: Opened) -> None:
        self._hub = hub

    def list(self) -> Sequence[ReviewItem]:
        with self._hub.store.read() as tx:
            salt = salt_if_any(tx)
            return as_items(tx, self._hub, reviews.questions(tx), salt)

    def show(self, item: str) -> ReviewItem:
        with self._hub.store.read() as tx:
            row, salt = self._row(tx, item), salt_if_any(tx)
            (told,) = as_items(tx, self._hub, [row], salt)
            if row["kind"] != "match":
                return told
            return replace(
                told, details=tuple(details(tx, self._hub, row["entity"], row["details"], row["subject"], Ids(salt)))
            )

    def resolve(self, item: str, answer: str, *, reason: str) -> Outcome:
        with self._hub.store.read() as tx:
            row = self._row(tx, item)
        return ANSWERS[row["kind"]](self._hub, row, answer.strip(), reason)

    def resolve_all(self, kind: str, answer: str, *, system: str, reason: str) -> Outcome:
        """The same answer to every open question of a kind, or to those about one system."""
        with self._hub.store.read() as tx:
            rows = [
                row
                for row in reviews.questions(tx)
                if row["kind"] == kind and system in ("", row["details"].get("system"))
            ]
        if not rows:
            raise ConfigurationError(
                f"There is no open question about {' in '.join(filter(None, (kind, system)))}.",
                not_done="Nothing was changed.",
                next_step="`synchub review list` shows what is open.",
            )
        if kind == KIND:
            return answer_deletes(self._hub, rows, answer.strip())
        for row in rows:
            last = ANSWERS[kind](self._hub, row, answer.strip(), reason)
        return replace(last, happened=f"Answered {len(rows)} questions. {last.happened}")

    def _row(self, tx: Connection, item: str) -> dict[str, Any]:
        row = reviews.question(tx, int(item)) if item.isdigit() else None
        if row is None or row["state"] != reviews.OPEN:
            raise ConfigurationError(
                f"There is no open question {item}.", next_step="`synchub review list` shows them."
            )
        return row
