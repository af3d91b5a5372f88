"""What each member's word counts for when records are merged. It needs no system to be reached."""

from __future__ import annotations

from collections.abc import Iterable

from synchub.record.known import Place
from synchub.record.members import MemberState
from synchub.spec.job import Configuration, Member

REMOVED = 10_000
"""Members that are no longer in hub.toml come after all that are; no hub has so many."""


def members_of(configuration: Configuration, entity: str) -> list[Member]:
    """All members of an entity's syncs, in the order of hub.toml. A stream may be there twice."""
    return [member for sync in configuration.syncs.values() if sync.entity.name == entity for member in sync.members]


def places_of(configuration: Configuration, entity: str, states: Iterable[MemberState]) -> dict[int, Place]:
    """The places of all streams that ever spoke of an entity, by their number in the store.

    Every sync of the entity, whatever part of it is run, gets the same: else ties were broken now so, now so.
    """
    declared = members_of(configuration, entity)
    return {
        state.id: _place(state, [(rank, own) for rank, own in enumerate(declared) if _is(own, state)])
        for state in states
    }


def _is(member: Member, state: MemberState) -> bool:
    return (member.system, member.stream) == (state.system, state.stream)


def _place(state: MemberState, own: list[tuple[int, Member]]) -> Place:
    if not own:  # removed: its claims keep counting, as they last did
        return Place(state, REMOVED + state.id, state.fill_only, state.claims)
    rank, member = own[0]
    weak = state.fill_only if member.fill_only is None else member.fill_only
    return Place(state, rank, weak, any(each.direction != "out" for _, each in own))
