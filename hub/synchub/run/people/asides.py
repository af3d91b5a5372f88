"""What waits for people: questions to be answered, rows to be retried or let go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import polars as pl
from sqlalchemy import Connection, text

from synchub.errors import ConfigurationError
from synchub.record import intake, journal, known, members, retries, reviews, tables
from synchub.run.opening import Opened
from synchub.run.people.finding import Ids, find_record
from synchub.run.people.people import AT_NEXT_RUN, deciding, join
from synchub.run.people.suspects import details, waiting_with
from synchub.run.steps.confirming import KIND, LATER, NO, YES
from synchub.run.told.showing import labels
from synchub.run.told.telling import aware
from synchub.spec.answers import Choice, Outcome, QuarantineGroup, QuarantineItem, ReviewItem

_QUESTIONS = {
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
_CHOICES = {
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


class Reviewed:
    """The questions of a hub."""

    def __init__(self, hub: Opened) -> None:
        self._hub = hub

    def list(self) -> Sequence[ReviewItem]:
        with self._hub.store.read() as tx:
            salt = salt_if_any(tx)
            rows = reviews.questions(tx)
            named = _labels(tx, self._hub, rows, salt)
            return [_item(self._hub, row, salt, named) for row in rows]

    def show(self, item: str) -> ReviewItem:
        with self._hub.store.read() as tx:
            row, salt = self._row(tx, item), salt_if_any(tx)
            told = _item(self._hub, row, salt, _labels(tx, self._hub, [row], salt))
            if row["kind"] != "match":
                return told
            return replace(
                told, details=tuple(details(tx, self._hub, row["entity"], row["details"], row["subject"], Ids(salt)))
            )

    def resolve(self, item: str, answer: str, *, reason: str) -> Outcome:
        with self._hub.store.read() as tx:
            row = self._row(tx, item)
        return _ANSWERS[row["kind"]](self._hub, row, answer.strip(), reason)

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
            return _deletes(self._hub, rows, answer.strip())
        for row in rows:
            last = _ANSWERS[kind](self._hub, row, answer.strip(), reason)
        return replace(last, happened=f"Answered {len(rows)} questions. {last.happened}")

    def _row(self, tx: Connection, item: str) -> dict[str, Any]:
        row = reviews.question(tx, int(item)) if item.isdigit() else None
        if row is None or row["state"] != reviews.OPEN:
            raise ConfigurationError(
                f"There is no open question {item}.", next_step="`synchub review list` shows them."
            )
        return row


def salt_if_any(tx: Connection) -> str:
    """The prefix of this hub's ids; "" before the first run."""
    return str(tx.execute(text("SELECT value FROM meta WHERE name = 'salt'")).scalar() or "")


def _labels(tx: Connection, hub: Opened, rows: Sequence[dict[str, Any]], salt: str) -> dict[int, str]:
    """The records that questions are about, as people know them."""
    named: dict[int, str] = {}
    for name, entity in hub.configuration.entities.items():
        numbers = [row["record"] for row in rows if row["entity"] == name and row["record"]]
        golden = known.goldens(tx, sorted(set(numbers)), [field for field in entity.fields if field != "hub_id"])
        named |= labels(golden.drop("golden").rename({"id": "record"}), Ids(salt))
    return named


def _item(hub: Opened, row: dict[str, Any], salt: str, named: dict[int, str]) -> ReviewItem:
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
        question=_QUESTIONS[row["kind"]].format(**words),
        asked=aware(started, hub.configuration.settings.timezone),
        choices=tuple(Choice(*choice) for choice in _CHOICES[row["kind"]]),
        details=tuple(
            (name, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
            for name, value in details.items()
        ),
        record=f"{salt}-{row['record']}" if row["record"] else "",
        label=label,
    )


def _wrong(answer: str, row: dict[str, Any]) -> ConfigurationError:
    listed = "; ".join(f"{word}: {meaning}" for word, meaning in _CHOICES[row["kind"]])
    return ConfigurationError(
        f"'{answer}' is no answer to this question. Answers: {listed}.", not_done="Nothing was changed."
    )


def _match(hub: Opened, row: dict[str, Any], answer: str, _reason: str) -> Outcome:
    with deciding(hub, row["entity"], "review") as now:
        asked = [row]
        if answer == "new":
            given = "new"
        elif answer == "together":
            subjects = waiting_with(now.tx, row["entity"], row["subject"])
            asked += [one for one in reviews.questions(now.tx) if one["kind"] == "match" and one["subject"] in subjects]
            given = f"join {intake.new_records(now.tx, 1, row['entity'], run=now.run)}"
        else:
            given = f"join {find_record(now.tx, hub, row['entity'], answer, now.salt)}"
        for one in asked:
            reviews.answer(now.tx, one["id"], given)
    rows = "the row" if len(asked) == 1 else f"the {len(asked)} rows"
    return Outcome(f"Noted. The next run links {rows} so.", AT_NEXT_RUN)


def _reused(hub: Opened, row: dict[str, Any], answer: str, _reason: str) -> Outcome:
    """`same`: what the row says now is believed at the next read. `other`: the link is let go, so the row is unknown."""
    if answer not in ("same", "other"):
        raise _wrong(answer, row)
    with deciding(hub, row["entity"], "review") as now:
        link = row["details"]["link"]
        if answer == "other":
            statement = (
                "UPDATE link SET remote_id = remote_id || ' (until run ' || :run || ')', tomb = :run WHERE id = :link"
            )
            now.tx.execute(text(statement), {"run": now.run, "link": link})
        else:
            now.tx.execute(text("UPDATE link SET held = '{}', raw_hash = NULL WHERE id = :link"), {"link": link})
        now.tx.execute(
            text("UPDATE member SET cursor = NULL WHERE id IN (SELECT member FROM link WHERE id = :link)"),
            {"link": link},
        )
        reviews.answer(now.tx, row["id"], answer)
    return Outcome("Noted. The next run reads that system in full and takes the row so.", AT_NEXT_RUN)


def _joined(hub: Opened, row: dict[str, Any], answer: str, _reason: str) -> Outcome:
    if answer not in ("yes", "no"):
        raise _wrong(answer, row)
    with deciding(hub, row["entity"], "review") as now:
        kept, gone = sorted((row["record"], row["details"]["other"]))
        if answer == "yes":
            join(now, kept, gone)
        reviews.answer(now.tx, row["id"], answer)
    return Outcome("The two are one record now." if answer == "yes" else "Noted: they are not the same.", AT_NEXT_RUN)


def _alternating(hub: Opened, row: dict[str, Any], answer: str, _reason: str) -> Outcome:
    if answer not in ("release", "keep"):
        raise _wrong(answer, row)
    link, _, name = row["subject"].partition(":")
    with deciding(hub, row["entity"], "review") as now:
        if answer == "release":
            now.tx.execute(
                text("DELETE FROM form WHERE link = :link AND field = :field AND state IN ('alternating', 'flip')"),
                {"link": int(link), "field": name},
            )
            intake.soil(now.tx, pl.Series([row["record"]], dtype=pl.Int64))
        reviews.answer(now.tx, row["id"], answer)
    return Outcome(
        "It is written again from the next run on." if answer == "release" else "It stays as it is there.", AT_NEXT_RUN
    )


def _ask(hub: Opened, row: dict[str, Any], answer: str, reason: str) -> Outcome:
    from synchub.run.people.people import set_values

    with hub.store.read() as tx:
        key = f"{salt_if_any(tx)}-{row['record']}"
    return set_values(hub, row["entity"], key, {row["details"]["field"]: answer}, reason=reason or "answered in review")


def _again(hub: Opened, row: dict[str, Any], answer: str, _reason: str) -> Outcome:
    """For what was refused or never answered: try again, or leave it."""
    if answer not in ("retry", "leave"):
        raise _wrong(answer, row)
    with deciding(hub, row["entity"], "review") as now:
        if answer == "retry":
            links = known.links_of(now.tx, [row["record"]])["id"].to_list()
            for link in links:
                now.tx.execute(text("DELETE FROM form WHERE link = :link AND state = 'own'"), {"link": link})
            intake.soil(now.tx, pl.Series([row["record"]], dtype=pl.Int64))
            journal.give_up(now.tx, int(row["subject"].partition(":")[0]), row["record"])
            reviews.close(now.tx, row["entity"], row["kind"], row["subject"])
        else:
            reviews.answer(now.tx, row["id"], answer)
    return Outcome("It is sent again by the next run." if answer == "retry" else "It is left.", AT_NEXT_RUN)


def _delete(hub: Opened, row: dict[str, Any], answer: str, _reason: str) -> Outcome:
    return _deletes(hub, [row], answer)


def _deletes(hub: Opened, rows: Sequence[dict[str, Any]], answer: str) -> Outcome:
    """What is to become of rows that were deleted elsewhere. `later` leaves the question open."""
    if answer not in (YES, NO, LATER):
        raise _wrong(answer, rows[0])
    with deciding(hub, rows[0]["entity"], "review") as now:
        for row in rows:
            (reviews.put_off if answer == LATER else reviews.answer)(now.tx, row["id"], answer)
        intake.soil(now.tx, pl.Series([row["record"] for row in rows], dtype=pl.Int64))
    told = {
        YES: "The next run carries it out, whatever the limits.",
        NO: "It stays there and is kept up to date.",
        LATER: "It stays for now; the runs go on without it.",
    }
    return Outcome(f"Noted for {len(rows)}. {told[answer]}" if len(rows) > 1 else told[answer], AT_NEXT_RUN)


_ANSWERS = {
    "match": _match,
    "reused": _reused,
    "joined": _joined,
    "alike": _joined,
    "alternating": _alternating,
    "ask": _ask,
    "refused": _again,
    "delete": _delete,
    "unanswered": _again,
}


_KINDS = ("quarantine", retries.WRITE)


class Quarantined:
    """The rows of a hub that could not be understood."""

    def __init__(self, hub: Opened) -> None:
        self._hub = hub

    def list(self) -> Sequence[QuarantineGroup]:
        with self._hub.store.read() as tx:
            rows = reviews.asides(tx, kinds=_KINDS)
            where = {state.id: state for state in _members(tx)}
            clocks = known.run_clocks(tx, rows["run"])
        groups = rows.group_by("member", "cause").agg(
            count=pl.len(), example=pl.col("id").min(), first=pl.col("run").min(), last=pl.col("run").max()
        )
        zone = self._hub.configuration.settings.timezone
        return [
            QuarantineGroup(
                row["cause"],
                where[row["member"]].system,
                where[row["member"]].stream,
                row["count"],
                str(row["example"]),
                aware(clocks.get(row["first"]), zone),
                aware(clocks.get(row["last"]), zone),
                "Mend the mapping or the value in the system; the next run takes them by itself.",
            )
            for row in groups.sort("count", "example", descending=[True, False]).to_dicts()
        ]

    def show(self, item: str) -> QuarantineItem:
        with self._hub.store.read() as tx:
            row = self._row(tx, item)
            state = next(state for state in _members(tx) if state.id == row["member"])
            clocks = known.run_clocks(tx, pl.Series([row["run"]]))
        return QuarantineItem(
            str(row["id"]),
            state.system,
            state.stream,
            row["reason"],
            _as_read(row["raw"]),
            row["remote_id"],
            row["field"] or "",
            row["value"],
            str(row["run"]),
            aware(clocks.get(row["run"]), self._hub.configuration.settings.timezone),
            row["tries"],
        )

    def retry(self, items: Sequence[str]) -> Outcome:
        """The next run looks at the rows again, in the raw form they are kept in."""
        count = self._mark(items, "retry")
        return Outcome(f"{count} rows are looked at again by the next run.", AT_NEXT_RUN)

    def discard(self, items: Sequence[str], *, reason: str) -> Outcome:
        """The rows are let go: not retried and not counted. They come back if they are read again otherwise."""
        count = self._mark(items, "discarded")
        return Outcome(
            f"{count} rows were let go.", "`synchub quarantine retry` takes them up again.", (("reason", reason),)
        )

    def _mark(self, items: Sequence[str], state: str) -> int:
        with self._hub.store.write() as tx:
            rows = [self._row(tx, item)["id"] for item in items] or reviews.asides(tx, kinds=_KINDS)["id"].to_list()
            if rows:
                tx.execute(tables.aside.update().where(tables.aside.c.id.in_(rows)).values(state=state))
        return len(rows)

    def _row(self, tx: Connection, item: str) -> dict[str, Any]:
        own = tables.aside.c
        row = tx.execute(
            tables.aside.select().where(own.id == (int(item) if item.isdigit() else -1), own.kind.in_(_KINDS))
        ).first()
        if row is None:
            raise ConfigurationError(
                f"Nothing in quarantine has the number {item}.",
                next_step="`synchub quarantine list` shows what is there.",
            )
        return dict(row._mapping)


def _as_read(raw: str) -> str:
    """A row's raw form; of one that the connector could not read just its text, of several under one key the list."""
    kept = orjson.loads(raw)
    if isinstance(kept, dict) and len(kept) == 1:
        return str(kept["_raw"]) if "_raw" in kept else orjson.dumps(kept["_rows"]).decode() if "_rows" in kept else raw
    return raw


def _members(tx: Connection) -> list[members.MemberState]:
    entities = [row.entity for row in tx.execute(text("SELECT DISTINCT entity FROM member"))]
    return [state for entity in entities for state in members.of_entity(tx, entity)]
