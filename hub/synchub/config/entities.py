"""Entities with everything resolved: fields, a rule chain for every field, groups, match keys, references."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from synchub.config.chains import Flaw, chain_flaws, chain_of, type_flaws
from synchub.config.document import Document
from synchub.config.fields import Fields, resolve_fields, resolve_match, resolve_references
from synchub.config.problems import Problem, did_you_mean
from synchub.spec.entities import BUILT_IN_FIELDS, DEFAULT_RULES, GROUPS
from synchub.spec.hub import EntitySettings
from synchub.spec.job import Entity

Chains = dict[str, tuple[str, ...]]
REST = "*"
UNDECIDED = frozenset({"hub_id", "updated_at"})
"""Fields that * doesn't cover: the hub gives the one, the other is never written."""
CONSENT = "any"
"""The only rule that may come first for an opt-out: under every other one a machine could loosen it."""


def resolve_entities(
    settings: Mapping[str, EntitySettings], document: Document, plugin_rules: Collection[str]
) -> tuple[dict[str, Entity], list[Problem]]:
    """The built-in entities and those of hub.toml, with every problem in their declarations."""
    entities: dict[str, Entity] = {}
    problems: list[Problem] = []
    for name in dict.fromkeys((*BUILT_IN_FIELDS, *settings)):
        entity, found = _entity(name, settings.get(name, EntitySettings()), document, plugin_rules)
        entities[name] = entity
        problems += found
    return entities, problems + _cycles(entities, document)


def _entity(
    name: str, settings: EntitySettings, document: Document, plugin_rules: Collection[str]
) -> tuple[Entity, list[Problem]]:
    groups = dict(GROUPS) if name == "contact" else {}
    fields, bad_fields = resolve_fields(name, settings, document)
    references, bad_references = resolve_references(name, settings, fields, document)
    match, bad_keys = resolve_match(name, settings, fields, document)
    systems = document.names("systems")
    written = {field: chain_of(chain) for field, chain in settings.rules.items()}
    bad_rules = [
        problem
        for field, chain in written.items()
        for problem in _chain_problems(name, field, chain, fields, document, (systems, plugin_rules))
    ]
    entity = Entity(
        name=name,
        fields=fields,
        rules=_rules(name, fields, groups, written),
        groups=groups,
        match=match,
        consent_from=settings.consent_from,
        refers_to=references,
    )
    problems = [*bad_fields, *bad_references, *bad_keys, *bad_rules]
    problems += _group_problems(name, groups, written, document)
    problems += _consent_problems(name, settings, systems, document)
    return entity, problems


def _rules(name: str, fields: Fields, groups: Mapping[str, Sequence[str]], written: Chains) -> Chains:
    """For every field its chain: what hub.toml says, be it for another field of its group; else the built-in
    rule; else what * says; else newest."""
    group_of = {field: group for group in groups.values() for field in group}
    built_in = DEFAULT_RULES if name in BUILT_IN_FIELDS else {}
    rules: Chains = {}
    for field in fields:
        together = group_of.get(field, (field,))
        own = next((written[each] for each in together if each in written), None)
        usual = next((built_in[each] for each in together if each in built_in), None)
        rest = None if field in UNDECIDED else written.get(REST)
        rules[field] = own or usual or rest or ("newest",)
    return rules


def _chain_problems(
    entity: str,
    field: str,
    chain: Sequence[str],
    fields: Fields,
    document: Document,
    known: tuple[Collection[str], Collection[str]],
) -> list[Problem]:
    path = ("entities", entity, "rules", field)
    if field != REST and field not in fields:
        return [document.problem(path, f"unknown field '{field}'", did_you_mean(field, fields))]
    if field == "hub_id":
        return [document.problem(path, "'hub_id' is given by the hub, no rule decides it", "leave the line out")]
    if field in GROUPS["consent"] and entity == "contact":
        loose = not chain or chain[0] != CONSENT
        message = f"the rule of '{field}' would let a machine take back an opt-out"
        fix = f'only "{CONSENT}" is allowed; leave the line out'
        return [document.problem(path, message, fix, part="value")] if loose else []
    flaws = list(chain_flaws(chain, *known))
    flaws += _rest_flaws(entity, chain, fields) if field == REST else type_flaws(chain, fields[field])
    listed = isinstance(document.data["entities"][entity]["rules"][field], list)
    return [
        document.problem((*path, flaw.number) if listed and chain else path, flaw.message, flaw.fix, part="value")
        for flaw in flaws
    ]


def _rest_flaws(entity: str, chain: Sequence[str], fields: Fields) -> list[Flaw]:
    """What is wrong with the chain of * for the first field of those it may cover."""
    built_in = DEFAULT_RULES if entity in BUILT_IN_FIELDS else {}
    covered = [field for name, field in fields.items() if name not in built_in and name not in UNDECIDED]
    return next((flaws for field in covered if (flaws := list(type_flaws(chain, field)))), [])


def _group_problems(
    entity: str, groups: Mapping[str, Sequence[str]], written: Chains, document: Document
) -> list[Problem]:
    problems = []
    for group, members in groups.items():
        ruled = [field for field in members if field in written]
        for field in ruled[1:]:
            if written[field] != written[ruled[0]] and group != "consent":
                message = f"'{field}' and '{ruled[0]}' are decided as one and can't have different rules"
                fix = f"leave out the rule of '{field}'"
                path = ("entities", entity, "rules", field)
                problems.append(document.problem(path, message, fix, part="value"))
    return problems


def _consent_problems(
    entity: str, settings: EntitySettings, systems: Collection[str], document: Document
) -> list[Problem]:
    return [
        document.problem(
            ("entities", entity, "consent_from", number),
            f"unknown system '{system}'",
            did_you_mean(system, systems),
            part="value",
        )
        for number, system in enumerate(settings.consent_from)
        if system not in systems
    ]


def _cycles(entities: Mapping[str, Entity], document: Document) -> list[Problem]:
    """Entities that refer to themselves, directly or through others: none could be synced first."""
    problems = []
    reported: set[str] = set()
    for start in entities:
        route = _route_back(start, entities)
        if route and not reported & set(route):
            reported |= set(route)
            field = next(field for field, target in entities[start].refers_to.items() if target == route[1])
            message = f"the entity '{start}' refers to itself: {' -> '.join(route)}"
            path = ("entities", start, "refers_to", field)
            problems.append(document.problem(path, message, "leave out one of these references", part="value"))
    return problems


def _route_back(start: str, entities: Mapping[str, Entity]) -> tuple[str, ...]:
    """The shortest way from an entity along its references back to itself; empty if there is none."""
    routes: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while routes:
        route = routes.pop(0)
        for target in entities[route[-1]].refers_to.values():
            if target == start:
                return (*route, start)
            if target in entities and target not in seen:
                seen.add(target)
                routes.append((*route, target))
    return ()
