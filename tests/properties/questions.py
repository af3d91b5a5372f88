"""What must hold of a world at rest."""

from __future__ import annotations

from properties.worlds import FIELDS, World, canonical

from synchub.model import BLANK


def all_agree(world: World) -> None:
    """I1: what every linked row holds stands for golden in every outward field, or a reason is on record; and the hub
    knows what every row holds."""
    golden, reasons, questions, aside = world.goldens(), world.reasons(), world.questions(), world.aside()
    members = dict(zip((system.name for system in world.systems), world.shape.members, strict=True))
    systems = {system.name: system for system in world.systems}
    for row in world.links().to_dicts():
        kept = systems[row["system"]].kept.get(row["remote_id"])
        if row["tomb"] is not None or kept is None or (row["system"], row["remote_id"]) in aside:
            continue
        member, record = members[row["system"]], golden[row["record"]]
        for name in FIELDS:
            there, valid = canonical(name, kept.values[name]), record.get(name)
            held = row[f"hn.{name}"] or BLANK
            assert held == there, f"{row['system']} holds {name} = {there!r}, the hub believes {held!r}"
            if member.get("direction") == "in" or not _inside(member, record, name) or valid is None:
                continue
            reason = (row["id"], name) in reasons or (row["record"], name) in questions
            assert there == valid or reason, (
                f"{row['system']} {row['remote_id']}: {name} is {there!r}, golden {valid!r}"
            )


def _inside(member: dict, record: dict, name: str) -> bool:  # type: ignore[type-arg]
    if "where" not in member:
        return True
    return float(record.get("lead_score") or 0) >= 5 or (name == "opted_out" and record.get(name) == "true")


def nobody_is_missing(world: World) -> None:
    """I1 for whole records: who is alive stands in every system that is to have everybody, or a reason is on record."""
    links = world.links()
    if links.is_empty():
        return
    aside = {system for system, _ in world.aside()}
    golden = world.goldens()
    buried = set(links.filter(links["tomb"].is_not_null())["record"].to_list())  # deleted somewhere: made nowhere
    living = set(links["record"].to_list()) - buried
    for system, member in zip(world.systems, world.shape.members, strict=True):
        if member.get("direction") == "in" or member.get("create") is False or system.name in aside:
            continue
        linked = set(links.filter(links["system"] == system.name)["record"].to_list())
        emails = {kept.values["email"] for kept in system.kept.values()}
        ids = {kept.values.get("hub_id") for kept in system.kept.values()}
        for record in living - linked:
            outside = "where" in member and not float(golden[record].get("lead_score") or 0) >= 5
            email = golden[record].get("email")
            there = email in emails or golden[record]["hub_id"] in ids
            assert outside or not email or there, f"{email} is missing in {system.name}"


def nothing_is_lost(world: World) -> None:
    """I3: every value ever read is golden, a claim, or history."""
    lost = world.said - world.kept_values() - {(name, BLANK) for name in FIELDS}
    assert not lost, f"lost: {sorted(lost)}"


def nobody_is_doubled(world: World) -> None:
    """I4: the hub makes no row for who is there already."""
    for system in world.systems:
        assert not system.doubles, f"{system.name} got second rows of {system.doubles}"


def nobody_is_made_again(world: World) -> None:
    """I4, I6: where a row was deleted the hub makes none again for the same record."""
    rows = [] if world.joined else world.links().to_dicts()
    for row in (row for row in rows if row["tomb"] is not None):
        same = [other for other in rows if (other["record"], other["system"]) == (row["record"], row["system"])]
        again = [other["remote_id"] for other in same if other["made"] and other["first_run"] >= row["tomb"]]
        assert not again, f"{row['system']} got {again} in place of {row['remote_id']}, which was deleted there"


def nobody_vanished_unasked(world: World) -> None:
    """I6: the hub deletes only where a member asks for it, and only who was deleted by a person."""
    for system, member in zip(world.systems, world.shape.members, strict=True):
        if system.removed:
            assert member.get("on_delete", "ignore") != "ignore", f"{system.name} was told to delete {system.removed}"
            assert world.deleted, f"{system.name} lost {system.removed}, and nobody had deleted anybody"


def consent_is_kept(world: World) -> None:
    """I7: who opted out anywhere is opted out everywhere."""
    golden, aside = world.goldens(), world.aside()
    rows = world.links().to_dicts()
    owner = {(row["system"], row["remote_id"]): row["record"] for row in rows}
    out = {owner[link] for link in world.opted_out if link in owner and link not in aside}
    systems = {system.name: system for system in world.systems}
    members = dict(zip((system.name for system in world.systems), world.shape.members, strict=True))
    for record in out:
        assert golden[record].get("opted_out") == "true", f"record {record} is opted in again"
    for row in rows:
        kept = systems[row["system"]].kept.get(row["remote_id"])
        written = members[row["system"]].get("direction") != "in" and (row["system"], row["remote_id"]) not in aside
        if row["record"] in out and row["tomb"] is None and kept and written:
            assert kept.values["opted_out"] is True, f"{row['system']} {row['remote_id']} is opted in"


def only_the_bad_are_set_aside(world: World) -> None:
    """I8: rows that can't be understood are kept aside, and no others."""
    bad = {
        (system.name, name)
        for system in world.systems
        for name, kept in system.kept.items()
        if kept.values["lead_score"] == "many"
    }
    with_reason = {(row["member"], row["remote_id"]) for row in world.hub.quarantine()}
    assert len(with_reason) >= len(bad), f"{bad} are not all in quarantine"


EVERY = (
    all_agree,
    nobody_is_missing,
    nothing_is_lost,
    nobody_is_doubled,
    nobody_is_made_again,
    nobody_vanished_unasked,
    consent_is_kept,
    only_the_bad_are_set_aside,
)
