"""What must hold of a world: always, and once it has come to rest. Each raises Violation, and says what it found."""

from __future__ import annotations

from typing import Any

from synchub.model import BLANK
from synchub.testing.simulation.deciding import (
    nobody_is_guessed,
    what_is_asked_is_not_sent,
    what_was_decided_stands,
    who_was_parted_is_not_asked_about,
)
from synchub.testing.simulation.reference import unlike_the_reference
from synchub.testing.simulation.values import FIELDS, GARBLED, TOKEN, canonical, natively, worth
from synchub.testing.simulation.vanishing import (
    a_later_edit_beats_a_delete,
    nobody_is_made_again,
    nobody_vanished_unasked,
    who_vanished_was_deleted,
)
from synchub.testing.simulation.violation import must
from synchub.testing.simulation.world import World


def all_agree(world: World) -> None:
    """I1: what every linked row holds stands for golden in every outward field, or a reason is on record; and the hub
    knows what every row holds."""
    golden, reasons, aside = world.known.goldens(), world.known.reasons(), world.known.aside()
    asked = {(one["record"], one["details"].get("field", "")) for one in world.known.questions("ask")}
    systems = {system.name: (system, member) for system, member in world.present}
    for row in world.known.links():
        if row["system"] not in systems or row["tomb"] is not None or (row["system"], row["remote_id"]) in aside:
            continue
        system, member = systems[row["system"]]
        kept, record = system.kept.get(row["remote_id"]), golden[row["record"]]
        for name in [name for name in FIELDS if name != member.get("unmap")]:
            if kept is None:
                continue
            there, valid, held = natively(name, kept.values[name]), record.get(name), row[f"hn.{name}"] or BLANK
            where = f"{system.name} {row['remote_id']}: {name}"
            must(held == there, f"{where} is {there!r}, the hub believes {held!r}")
            if member.get("direction") == "in" or not _inside(member, record, name) or valid is None:
                continue
            reason = (row["id"], name) in reasons or (row["record"], name) in asked
            right = canonical(name, kept.values[name], system.currency) in worth(
                name, valid, system.currency, world.now
            )
            must(right or reason, f"{where} is {there!r}, golden {valid!r}")


def _inside(member: dict[str, Any], record: dict[str, str], name: str) -> bool:
    if "where" not in member:
        return True
    return float(record.get("lead_score") or 0) >= 5 or (name == "opted_out" and record.get(name) == "true")


def nobody_is_missing(world: World) -> None:
    """I1 for whole records: who is alive stands in every system that is to have everybody, or a reason is on record."""
    links = world.known.links()
    asked = world.known.questions("refused", "unanswered", answered=True)
    refused = {(one["record"], one["details"]["system"]) for one in asked}
    aside, golden = {system for system, _ in world.known.aside()}, world.known.goldens()
    unsure = {one["record"] for one in world.known.questions("ask") if one["details"]["field"] == "email"}
    buried = {row["record"] for row in links if row["tomb"] is not None}  # deleted somewhere: made nowhere
    living = {row["record"] for row in links} - buried
    for system, member in world.present:
        if member.get("direction") == "in" or member.get("create") is False or system.name in aside:
            continue
        linked = {row["record"] for row in links if row["system"] == system.name}
        emails = {kept.values["email"] for kept in system.kept.values()}
        ids = {kept.values.get("hub_id") for kept in system.kept.values()}
        for record in living - linked - unsure:  # of whom nothing else is known, nothing is sent until that is answered
            outside = "where" in member and not float(golden[record].get("lead_score") or 0) >= 5
            email = golden[record].get("email")
            there = email in emails or golden[record]["hub_id"] in ids or (record, system.name) in refused
            must(outside or not email or there, f"{email} is missing in {system.name}")


def nothing_is_lost(world: World) -> None:
    """I3: every value ever read is golden, a claim, or history."""
    lost = world.said - world.known.kept_values() - world.hearing.forms - {(name, BLANK) for name in FIELDS}
    must(not lost, f"lost: {sorted(lost)}")


def nobody_is_doubled(world: World) -> None:
    """I4: the hub makes no row for who is there already."""
    for system in world.systems:
        must(not system.doubles, f"{system.name} got second rows of {system.doubles}")


def nothing_is_overwritten_unseen(world: World) -> None:
    """What a person entered is not written over before the hub was shown it, where its system could have told."""
    for system in world.systems:
        must(not system.unseen, f"{system.name} lost what the hub had never been shown: {system.unseen}")


def golden_is_what_was_said(world: World) -> None:
    """Golden follows from what systems were read to say, by the rules as the manual has them."""
    wrong = [] if world.undone else list(unlike_the_reference(world))
    must(not wrong, "; ".join(wrong))


def consent_is_kept(world: World) -> None:
    """I7: who opted out anywhere is opted out everywhere."""
    golden, aside, links = world.known.goldens(), world.known.aside(), world.known.links()
    owner = {(row["system"], row["remote_id"]): row["record"] for row in links}
    out = {owner[link] for link in world.opted_out if link in owner and link not in aside}
    systems, reasons = {system.name: (system, member) for system, member in world.present}, world.known.reasons()
    for record in out & golden.keys():
        must(golden[record].get("opted_out") == "true", f"record {record} is opted in again")
    for row in (row for row in links if row["system"] in systems):
        system, member = systems[row["system"]]
        kept = system.kept.get(row["remote_id"])
        written = member.get("direction") != "in" and (row["system"], row["remote_id"]) not in aside
        refused = (row["id"], "opted_out") in reasons  # its system stores it otherwise, as far as anybody can tell
        if row["record"] in out and row["tomb"] is None and kept and written and not refused:
            must(kept.values["opted_out"] is True, f"{row['system']} {row['remote_id']} is opted in")


def only_the_bad_are_set_aside(world: World) -> None:
    """I8: rows that can't be understood are kept aside."""
    kept = {(system.name, name): one for system, _ in world.present for name, one in system.kept.items()}
    bad = {link for link, one in kept.items() if one.values["lead_score"] == GARBLED}
    left = bad - world.known.quarantined()
    must(not left, f"{sorted(left)} can't be understood, and are not in quarantine")


def nobodys_words_are_put_into_a_mouth(world: World) -> None:
    """An echo is no claim: what a system is said to have claimed, a person entered there."""
    systems = {system.name: system for system in world.systems}
    for name, told, field, value in world.known.claims():
        system = systems[name]
        remote_id = told.partition(" (until run")[0]  # whose row is somebody else's now, they still said what they said
        entered = {canonical(field, one, system.currency) for one in system.words.get((remote_id, field), ())}
        if remote_id in system.made and field in system.defaults:  # where nobody can look, it may have been a person
            entered.add(canonical(field, system.defaults[field]))
        if remote_id in system.believed or (remote_id in system.gone_back and not system.tells_late_reads):
            continue
        if field in FIELDS and field not in system.stores and value:
            must(
                value in entered, f"{name} {remote_id} is said to have claimed {field} = {value!r}; nobody entered that"
            )


def no_secret_is_kept(world: World) -> None:
    """I10: what systems are called with stands in no report, and nowhere in the store."""
    told = [f"the report of run {report.run}" for report in world.reports if TOKEN in repr(report)]
    files = [file for file in world.hub.folder.rglob("*") if file.is_file()]
    told += [file.name for file in files if TOKEN.encode() in file.read_bytes()]
    must(not told, f"a token stands in {', '.join(told)}")


def nothing_is_left_open(world: World) -> None:
    """No run blocks the next: every run has ended, and every operation has its answer, but for systems that nobody may ask
    any more."""
    left = world.known.open_work([system.name for system, _ in world.present])
    must(not left, f"left open: {left}")


ALWAYS = (nobody_is_doubled, nothing_is_overwritten_unseen, nobody_vanished_unasked)
"""Asked after every step."""
AT_REST = (
    all_agree,
    nobody_is_missing,
    nothing_is_lost,
    golden_is_what_was_said,
    nobody_is_made_again,
    who_vanished_was_deleted,
    a_later_edit_beats_a_delete,
    what_is_asked_is_not_sent,
    what_was_decided_stands,
    nobody_is_guessed,
    who_was_parted_is_not_asked_about,
    consent_is_kept,
    only_the_bad_are_set_aside,
    nobodys_words_are_put_into_a_mouth,
    nothing_is_left_open,
    no_secret_is_kept,
)
"""Asked when nothing fails any more, everybody has gone home, and nothing more is written."""
