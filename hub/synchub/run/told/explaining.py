"""`synchub why`: a record field by field, from the store and hub.toml alone."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from sqlalchemy import Connection, text

from synchub.errors import ConfigurationError
from synchub.run.opening import Opened
from synchub.run.people.finding import Ids, entity_of, find_record
from synchub.run.people.reviewing import Reviewed
from synchub.run.salt import salt_if_any
from synchub.run.told.facts import Facts, gather
from synchub.run.told.holding import held_lines, holders, link_lines
from synchub.run.told.quoting import Quotes
from synchub.run.told.showing import labels
from synchub.spec.reports import Explanation, FieldExplanation, HeldLine, LinkLine


def explain(hub: Opened, entity: str, key: str) -> Explanation:
    """What the hub believes of one record, from whom, and why.

    `key` as in `find_record`, which raises ConfigurationError if it names no record or several.
    """
    declared = entity_of(hub, entity)
    if not declared.match and entity == "event":
        raise ConfigurationError(
            "Events are passed on as they were read: nothing is decided about them.",
            next_step="Ask about the contact that they belong to: `synchub why contact KEY`.",
        )
    with hub.store.read() as tx:
        ids = Ids(salt_if_any(tx))
        number = find_record(tx, hub, entity, key, ids.salt)
        facts = gather(tx, hub, declared, number, ids)
        found = holders(tx, hub, facts)
        links = tuple(link_lines(tx, facts, found))
        asked = _asked(tx, facts)
    held = held_lines(found)
    return Explanation(
        entity=entity,
        hub_id=facts.hub_id,
        label=labels(facts.frame, ids)[number],
        fields=tuple(_fields(facts, held)),
        links=links,
        known_since=facts.run_time(facts.row["made_run"]),
        questions=tuple(_questions(hub, asked)),
        notes=tuple(_notes(facts, links, ids.record(key))),
    )


def _fields(facts: Facts, held: dict[str, list[HeldLine]]) -> Iterator[FieldExplanation]:
    """Every field that anybody said or holds something about, in the order of the entity."""
    quotes = Quotes(facts)
    said = quotes.fields()
    for name in facts.entity.fields:
        if name == "hub_id" or (name not in said and name not in held and facts.golden[name] is None):
            continue
        yield FieldExplanation(
            field=name,
            value=facts.golden[name],
            rule=quotes.rule(name) if name in said else "",
            winner=quotes.winner(name),
            losers=quotes.losers(name),
            history=quotes.history(name),
            held=tuple(held.get(name, ())),
            note=" ".join(_about(facts, quotes, name, said=name in said)),
            counted=quotes.counted(name),
        )


def _about(facts: Facts, quotes: Quotes, name: str, *, said: bool) -> Iterator[str]:
    """What else is to be known of one field."""
    if name in facts.open:
        yield "A question is open: nobody is sent this field until a person decides."
    same = quotes.agreeing(name)
    if same:
        names = " and ".join(part for part in (", ".join(same[:-1]), same[-1]) if part)
        yield f"{names} {'say' if len(same) > 1 else 'says'} the same."
    if not said:
        yield "It is only written, never believed but for an opt-out."
        return
    together = next((fields for fields in facts.entity.groups.values() if name in fields), ())
    others = [other for other in together if other != name and facts.golden.get(other) is not None]
    if others:
        yield f"Decided as one with {', '.join(others)}."
    today = ", ".join(facts.entity.rules[name])
    if name not in facts.open and quotes.rule(name) != today:
        yield f"hub.toml says {today} by now; `synchub sync --recompute` applies it to what was said before."
    if (facts.golden[name] or "") != (facts.row[name] or ""):
        yield "The next run puts it into effect."


def _asked(tx: Connection, facts: Facts) -> list[int]:
    """The open questions that this record has a part in."""
    query = text(
        "SELECT id FROM review WHERE entity = :entity AND state = 'open' "
        "AND (record = :record OR details LIKE :named) ORDER BY id"
    )
    given = {"entity": facts.entity.name, "record": facts.number, "named": f'%"{facts.hub_id}"%'}
    return [int(number) for number in tx.execute(query, given).scalars()]


def _questions(hub: Opened, asked: list[int]) -> Iterator[str]:
    reviewed = Reviewed(hub)
    for number in asked:
        yield f"{reviewed.show(str(number)).question} (`synchub review show {number}`)"


def _notes(facts: Facts, links: tuple[LinkLine, ...], asked_for: int | None) -> Iterator[str]:
    """What is to be known of the record whole."""
    if asked_for not in (None, facts.number):
        yield f"{facts.ids.hub_id(asked_for or 0)} was joined into this record."
    if links and all(link.state == "tombstoned" for link in links):
        yield "No system holds it any more, so nothing is written until somebody enters it again."
    elif facts.row["deleted_run"] is not None:
        gone = ", ".join(link.system for link in links if link.state == "tombstoned")
        yield f"It was deleted in {gone or 'a system'} (run {facts.row['deleted_run']})."
    removed = facts.every.filter(pl.col("rank") >= 10_000)["system"].unique().sort().to_list()
    if removed:
        yield f"Not in hub.toml any more, but what was said there keeps counting: {', '.join(removed)}."
    if facts.row["dirty"]:
        yield "The next run looks at it again."
