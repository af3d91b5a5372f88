"""What an answer in review does. Each is a run of its own in the journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from synchub.record import bulk, intake, journal, known, reviews, tables
from synchub.run.opening import Opened
from synchub.run.people.asking import wrong
from synchub.run.people.deciding import AT_NEXT_RUN, deciding
from synchub.run.people.finding import find_record
from synchub.run.people.joining import join
from synchub.run.people.setting import set_values
from synchub.run.people.suspects import waiting_with
from synchub.run.salt import salt_if_any
from synchub.run.steps.confirming import LATER, NO, YES
from synchub.spec.answers import Outcome


def _match(hub: Opened, row: dict[str, Any], answer: str, _reason: str) -> Outcome:
    with deciding(hub, row["entity"], "review") as now:
        asked = [row]
        if answer == "new":
            given = "new"
        elif answer == "together":
            subjects = waiting_with(now.tx, row["entity"], row["subject"])
            asked += [one for one in reviews.questions(now.tx) if one["kind"] == "match" and one["subject"] in subjects]
            given = f"join {intake.new_record(now.tx, row['entity'], run=now.run)}"
        else:
            given = f"join {find_record(now.tx, hub, row['entity'], answer, now.salt)}"
        for one in asked:
            reviews.answer(now.tx, one["id"], given)
    rows = "the row" if len(asked) == 1 else f"the {len(asked)} rows"
    return Outcome(f"Noted. The next run links {rows} so.", AT_NEXT_RUN)


def _reused(hub: Opened, row: dict[str, Any], answer: str, _reason: str) -> Outcome:
    """`same`: what the row says now is believed at the next read. `other`: the link is let go, so the row is unknown."""
    if answer not in ("same", "other"):
        raise wrong(answer, row)
    with deciding(hub, row["entity"], "review") as now:
        link = row["details"]["link"]
        if answer == "other":
            statement = (
                "UPDATE link SET remote_id = remote_id || ' (until run ' || :run || ')', tomb = :run WHERE id = :link"
            )
            now.tx.execute(text(statement), {"run": now.run, "link": link})
        else:
            now.tx.execute(text("UPDATE link SET held = '', raw_hash = NULL WHERE id = :link"), {"link": link})
        now.tx.execute(
            text("UPDATE member SET cursor = NULL WHERE id IN (SELECT member FROM link WHERE id = :link)"),
            {"link": link},
        )
        reviews.answer(now.tx, row["id"], answer)
    return Outcome("Noted. The next run reads that system in full and takes the row so.", AT_NEXT_RUN)


def _joined(hub: Opened, row: dict[str, Any], answer: str, _reason: str) -> Outcome:
    if answer not in ("yes", "no"):
        raise wrong(answer, row)
    with deciding(hub, row["entity"], "review") as now:
        kept, gone = sorted(now.find(now.hub_id(side)) for side in (row["record"], row["details"]["other"]))
        if answer == "yes" and kept != gone:
            join(now, kept, gone)
        reviews.answer(now.tx, row["id"], answer)
    return Outcome("The two are one record now." if answer == "yes" else "Noted: they are not the same.", AT_NEXT_RUN)


def _alternating(hub: Opened, row: dict[str, Any], answer: str, _reason: str) -> Outcome:
    if answer not in ("release", "keep"):
        raise wrong(answer, row)
    link, _, name = row["subject"].partition(":")
    with deciding(hub, row["entity"], "review") as now:
        if answer == "release":
            now.tx.execute(
                text("DELETE FROM form WHERE link = :link AND field = :field AND state IN ('alternating', 'flip')"),
                {"link": int(link), "field": name},
            )
            _soil_owners(now.tx, [int(link)])
        reviews.answer(now.tx, row["id"], answer)
    return Outcome(
        "It is written again from the next run on." if answer == "release" else "It stays as it is there.", AT_NEXT_RUN
    )


def _ask(hub: Opened, row: dict[str, Any], answer: str, reason: str) -> Outcome:
    with hub.store.read() as tx:
        key = f"{salt_if_any(tx)}-{row['record']}"
    return set_values(hub, row["entity"], key, {row["details"]["field"]: answer}, reason=reason or "answered in review")


def _again(hub: Opened, row: dict[str, Any], answer: str, _reason: str) -> Outcome:
    """For what was refused or never answered: try again, or leave it."""
    if answer not in ("retry", "leave"):
        raise wrong(answer, row)
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
    return answer_deletes(hub, [row], answer)


def answer_deletes(hub: Opened, rows: Sequence[dict[str, Any]], answer: str) -> Outcome:
    """What is to become of rows that were deleted elsewhere. `later` leaves the question open."""
    if answer not in (YES, NO, LATER):
        raise wrong(answer, rows[0])
    with deciding(hub, rows[0]["entity"], "review") as now:
        for row in rows:
            (reviews.put_off if answer == LATER else reviews.answer)(now.tx, row["id"], answer)
        _soil_owners(now.tx, [int(row["subject"].rpartition(":")[2]) for row in rows])
    told = {
        YES: "The next run carries it out, whatever the limits.",
        NO: "It stays there and is kept up to date.",
        LATER: "It stays for now; the runs go on without it.",
    }
    return Outcome(f"Noted for {len(rows)}. {told[answer]}" if len(rows) > 1 else told[answer], AT_NEXT_RUN)


def _soil_owners(tx: Connection, links: Sequence[int]) -> None:
    """The next run decides about the records that have these links: by now they may be others than those asked about."""
    intake.soil(tx, bulk.rows_of(tx, tables.link, "id", links)["record"].unique())


ANSWERS = {
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
