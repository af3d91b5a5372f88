"""Where a record is linked, how that came about, and which system holds something else than what is valid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection

from synchub.mapping import CompiledMapping, compile_mapping, compile_where
from synchub.match.idents import idents
from synchub.model import AS, BLANK, TO, VALUE
from synchub.plan.operations import plan_member
from synchub.plan.situation import Planned, Situation
from synchub.record import decisions, known
from synchub.run.opening import Opened
from synchub.run.ranking import members_of
from synchub.run.rates import PinnedRates
from synchub.run.told.facts import Facts
from synchub.spec.job import Member
from synchub.spec.reports import HeldLine, LinkLine, LinkState


@dataclass(frozen=True, slots=True)
class Holder:
    """A member with links of the record: what they hold, and what planning would make of them now."""

    member: Member
    accepted: bool
    links: pl.DataFrame
    mapping: CompiledMapping
    planned: Planned
    stands_for: Mapping[str, str | None]
    inside: bool


def holders(tx: Connection, hub: Opened, facts: Facts) -> list[Holder]:
    """Every member of hub.toml that has a live link of the record."""
    living = facts.links.filter(pl.col("tomb").is_null())
    numbers = {(place.state.system, place.state.stream): number for number, place in facts.places.items()}
    found: dict[int, Holder] = {}
    for member in members_of(hub.configuration, facts.entity.name):
        number = numbers.get((member.system, member.stream), -1)
        own = living.filter(pl.col("member") == number)
        if own.height and number not in found:
            found[number] = _holder(tx, hub, facts, member, own)
    return list(found.values())


def _holder(tx: Connection, hub: Opened, facts: Facts, member: Member, own: pl.DataFrame) -> Holder:
    mapping = compile_mapping(
        member.mapping,
        facts.entity,
        hub.configuration.settings,
        transforms=hub.transforms,
        rate=PinnedRates(hub.store, {}).rate,
    )
    inside = compile_where(member.where, facts.entity) if member.where else None
    links = known.with_held(own, mapping.inward_fields).rename({"id": "link"})
    nothing = pl.DataFrame(schema={"record": pl.Int64})
    planned = plan_member(
        Situation(
            member=member,
            golden=facts.frame,
            links=links,
            doomed=nothing,
            blocked=nothing,
            forms=known.forms(tx, own["id"]),
            open=pl.DataFrame(
                {"record": facts.number, "field": list(facts.open)},
                schema={"record": pl.Int64, "field": pl.String},
            ),
            fields=mapping.outward_fields,
            outward=mapping.outward,
            inside=inside,
            can_create=False,
        )
    )
    out = mapping.outward(facts.frame).to_dicts()[0] if mapping.outward_fields else {}
    return Holder(
        member,
        facts.places[own["member"][0]].state.accepted,
        links,
        mapping,
        planned,
        {
            name: out.get(AS + name) if name in mapping.outward_fields else facts.golden.get(name)
            for name in mapping.inward_fields
        },
        inside is None or bool(inside(facts.frame)[0]),
    )


def held_lines(found: list[Holder]) -> dict[str, list[HeldLine]]:
    """Field -> the systems that hold something else than what is valid, each with the reason."""
    lines: dict[str, list[HeldLine]] = {}
    for holder in found:
        why = {
            (link, field): reason
            for link, field, reason in holder.planned.unsent.select("link", "field", "reason").rows()
        }
        due = {row["link"]: row for row in holder.planned.operations.to_dicts()}
        for row in holder.links.to_dicts():
            for name in holder.mapping.inward_fields:
                if name == "hub_id" or (row[f"hv.{name}"] or BLANK) == (holder.stands_for[name] or BLANK):
                    continue
                pending = due.get(row["link"], {}).get(TO + name) is not None
                note = why.get((row["link"], name)) or _note(holder, name, pending=pending)
                natives = holder.mapping.fields[name].natives
                lines.setdefault(name, []).append(
                    HeldLine(
                        holder.member.system,
                        natives[0] if natives else "",
                        row[f"hn.{name}"],
                        holder.member.stream,
                        note,
                    )
                )
    return lines


def _note(holder: Holder, name: str, *, pending: bool) -> str:
    """Why a value is still there. What planning holds back gives its own reason."""
    if pending and not holder.accepted:
        return f"not written yet: `synchub sync --accept {holder.member.name}`"
    if pending:
        return "the next run writes it"
    if holder.member.direction == "in":
        return "this system is only read"
    if name not in holder.mapping.outward_fields:
        return "this field is only read"
    if holder.stands_for[name] is None:
        return "nobody said anything else, so it is left alone"
    return ""


def link_lines(tx: Connection, facts: Facts, found: list[Holder]) -> Iterator[LinkLine]:
    """Every link, gone ones too, in the order they were made."""
    outside = {link for holder in found if not holder.inside for link in holder.links["link"].to_list()}
    how = _how(tx, facts)
    for row in facts.links.sort("first_run", "id").to_dicts():
        state = facts.places[row["member"]].state
        standing: LinkState = "tombstoned" if row["tomb"] is not None else "outside" if row["id"] in outside else "live"
        yield LinkLine(
            f"{state.system}:{state.stream}:{row['remote_id']}",
            state.system,
            state.stream,
            row["remote_id"],
            standing,
            facts.run_time(row["first_run"]),
            how[row["id"]],
        )


def _how(tx: Connection, facts: Facts) -> dict[int, str]:
    """How each link came to be. The key it was matched on is not kept: what it shares with others tells."""
    rows = facts.links.sort("first_run", "id").to_dicts()
    answered = set(decisions.answered_rows(tx).select("member", "remote_id").iter_rows())
    texts = _keys(facts)
    found = {}
    for place, row in enumerate(rows):
        earlier = [other["id"] for other in rows if other is not row and _before(other, row)]
        shared = [
            key for key, text in sorted(texts[row["id"]]) if any((key, text) in texts[other] for other in earlier)
        ]
        if row["made"]:
            found[row["id"]] = "created by the hub"
        elif (row["member"], row["remote_id"]) in answered:
            found[row["id"]] = "by hand, in review"
        elif place == 0:
            found[row["id"]] = "first seen there"
        elif shared:
            found[row["id"]] = f"matched on {facts.entity.match[shared[0]].name}"
        else:
            found[row["id"]] = "by a merge" if facts.joined else ""
    return found


def _before(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether a link was there to be matched with. What the hub makes in a run comes after all matching."""
    runs = (one["first_run"], other["first_run"])
    return runs[0] < runs[1] or (runs[0] == runs[1] and not one["made"])


def _keys(facts: Facts) -> dict[int, set[tuple[int, str]]]:
    """Link -> the keys that it had when it was linked, and those that it has now."""
    fields = facts.entity.golden_fields
    held = known.with_held(facts.links, fields)
    now = held.select(node="id", **{VALUE + name: f"hv.{name}" for name in fields})
    then = facts.links.select(node="id").hstack(known.unpacked_said(facts.links, fields))
    found: dict[int, set[tuple[int, str]]] = {link: set() for link in facts.links["id"].to_list()}
    for frame in (now, then):
        for node, key, text in (
            idents(frame, facts.entity.match, facts.entity.fields).select("node", "key", "text").rows()
        ):
            found[node].add((key, text))
    return found
