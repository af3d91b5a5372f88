"""Values that people decide."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import text

from synchub.errors import ConfigurationError
from synchub.mapping.forms import Unreadable, read_one
from synchub.mapping.kinds import canonical_form
from synchub.record import known, reviews
from synchub.run.opening import Opened
from synchub.run.people.deciding import AT_NEXT_RUN, Deciding, deciding
from synchub.spec.answers import Outcome
from synchub.spec.job import Entity


def set_values(hub: Opened, entity: str, key: str, assignments: Mapping[str, str], *, reason: str) -> Outcome:
    """A person's claims: they void all that the hub had seen by then, under every rule. Newer claims compete."""
    with deciding(hub, entity, "set") as now:
        record = now.find(key)
        values = canonical_values(hub, now.entity, assignments)
        now.claim(record, {**_companions(now, record, values), **values}, kind="hub", reason=reason)
        _close_questions(now, record, values)
    listed = ", ".join(f"{name} = {value or '(blank)'}" for name, value in values.items())
    return Outcome(f"Noted for {now.hub_id(record)}: {listed}.", AT_NEXT_RUN)


def canonical_values(hub: Opened, entity: Entity, assignments: Mapping[str, str]) -> dict[str, str]:
    """What a person typed, read by type. Raises ConfigurationError that names every value that can't be read."""
    values, problems = {}, []
    for name, typed in assignments.items():
        if name not in entity.fields:
            problems.append(f"{entity.name} has no field {name}")
        elif entity.fields[name].inward or name == "hub_id":
            problems.append(f"{name} can't be set: it is only read")
        else:
            try:
                form = canonical_form(entity.fields[name], entity, hub.configuration.settings)
                values[name] = read_one(form, typed.strip()) if typed.strip() else ""
            except Unreadable as error:
                problems.append(f"{name}: '{typed}' {error}")
    if problems:
        raise ConfigurationError(
            "; ".join(problems) + ".", not_done="Nothing was set.", next_step="Correct the values."
        )
    return values


def _companions(now: Deciding, record: int, values: Mapping[str, str]) -> dict[str, str]:
    """The rest of every group that is decided as one, as it stands: a person who sets the city keeps the street."""
    wanted = {other for fields in now.entity.groups.values() if set(fields) & set(values) for other in fields} - set(
        values
    )
    golden = known.goldens(now.tx, [record], sorted(wanted)).to_dicts()[0]
    return {name: golden[name] for name in wanted if golden.get(name) and name != "consent_at"}


def _close_questions(now: Deciding, record: int, values: Mapping[str, str]) -> None:
    """A decided field needs no answer any more, and is no longer held back."""
    links = known.links_of(now.tx, [record])["id"]
    pairs = [{"link": link, "field": name} for link in links.to_list() for name in values]
    if pairs:
        now.tx.execute(
            text("DELETE FROM form WHERE link = :link AND field = :field AND state IN ('alternating', 'flip')"), pairs
        )
    for name in values:
        reviews.close(now.tx, now.entity.name, "ask", f"{record}:{name}")
        for link in links.to_list():
            reviews.close(now.tx, now.entity.name, "alternating", f"{link}:{name}")
